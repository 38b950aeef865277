// Tests the files for Prometheus and Grafana: promtool accepts them, the server exports all metrics that they use, and
// each alert fires only for its own cause.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { parse as parseYaml } from "yaml";
import { describeWith, runProgram } from "../support/requiring.ts";
import { startServer } from "../support/server.ts";

const server = startServer();
const folder = mkdtempSync(join(tmpdir(), "sabang-prometheus-"));
afterAll(() => rmSync(folder, { recursive: true }));

const pathOf = (file: string) => new URL(`../../deploy/${file}`, import.meta.url).pathname;
const read = (file: string) => readFileSync(pathOf(file), "utf8");

interface Rule {
  alert: string;
  expr: string;
  labels: Record<string, string>;
  annotations: { summary: string };
}
const rules: Rule[] = parseYaml(read("alerts.yml")).groups.flatMap(({ rules }: { rules: Rule[] }) => rules);

interface Panel {
  id: number;
  type: string;
  title: string;
  targets?: { expr: string }[];
}
const dashboard = JSON.parse(read("grafana-dashboard.json")) as {
  panels: Panel[];
  annotations: { list: { expr: string }[] };
};
const panels = dashboard.panels.filter(({ type }) => type !== "row");
const queries = [...panels.flatMap(({ targets }) => targets!), ...dashboard.annotations.list].map(({ expr }) =>
  expr.replaceAll("$__rate_interval", "5m"),
);

/** Returns the metrics in an expression: all its names except labels, label values and functions. */
function metricsIn(expr: string): string[] {
  const bare = expr.replace(/\{[^}]*\}|\[[^\]]*\]|"[^"]*"|\b(by|without|on|ignoring) *\([^)]*\)/g, "");
  return [...bare.matchAll(/\b[a-z][a-z_0-9]+\b(?! *\()/g)]
    .map(([name]) => name)
    .filter((name) => !["and", "or", "unless"].includes(name));
}

/** Returns the names of all series of the server, including those without a value yet. */
async function seriesNames(): Promise<Set<string>> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const families = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  return new Set(
    families.flatMap(([, name, type]) =>
      type === "histogram" ? ["bucket", "sum", "count"].map((part) => `${name}_${part}`) : [name!],
    ),
  );
}

test("the server exports each metric that an alert or a dashboard panel uses", async () => {
  // Prometheus itself adds the metric `up`.
  const known = (await seriesNames()).add("up");
  for (const expr of [...queries, ...rules.map(({ expr }) => expr)]) {
    const names = metricsIn(expr);
    expect([expr, names.length > 0]).toEqual([expr, true]);
    for (const name of names) expect([expr, name, known.has(name)]).toEqual([expr, name, true]);
  }
});

test("the Grafana dashboard shows each `sabang_` metric of the server", async () => {
  const shown = new Set(queries.flatMap(metricsIn));
  const families = [...(await seriesNames())]
    .filter((name) => name.startsWith("sabang_") && !/_(sum|count)$/.test(name))
    .filter((name) => !shown.has(name));
  expect(families).toEqual([]);
});

test("the server exports a counter for each refusal reason that an alert names", async () => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const reasons = [...text.matchAll(/sabang_refusals_total\{reason="(\w+)"\}/g)].map(([, reason]) => reason!);
  for (const { expr } of rules) {
    for (const [, pattern] of expr.matchAll(/sabang_refusals_total\{reason=~"([^"]+)"\}/g)) {
      for (const name of pattern!.split("|")) {
        expect([name, reasons.some((reason) => new RegExp(`^${name}$`).test(reason))]).toEqual([name, true]);
      }
    }
  }
});

test("all panels of the Grafana dashboard have different ids", () => {
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
});

/** For each alert, the series for which the alert fires at minute 30. Each series has one value per minute. */
const CAUSES: Record<string, Record<string, string>> = {
  SabangDown: { up: "0x30" },
  SabangRestarts: { process_start_time_seconds: "1x9 2x9 3x9 4x9" },
  SabangStoreAway: { sabang_store_up: "0x30" },
  SabangPlacesWait: { sabang_store_oldest_waiting_seconds: "31x30" },
  SabangTicksLate: { sabang_ticks_late_total: "0+120x30", sabang_tick_lateness_seconds_count: "0+1200x30" },
  SabangPatchSlow: {
    'sabang_patch_duration_seconds_bucket{le="0.04"}': "0+1100x30",
    'sabang_patch_duration_seconds_bucket{le="0.05"}': "0+1200x30",
    'sabang_patch_duration_seconds_bucket{le="+Inf"}': "0+1200x30",
  },
  SabangDoorClosed: { sabang_admission_open: "0x30" },
  SabangPlayersRefused: { 'sabang_refusals_total{reason="busy"}': "0+60x30" },
  SabangAbuse: { 'sabang_refusals_total{reason="tokenInvalid"}': "0+600x30" },
  SabangClientsLost: {
    sabang_drops_total: "0+600x30",
    'sabang_clients{map="plaza",transport="sdk"}': "100x30",
    'sabang_clients{map="plaza",transport="plain"}': "0x30",
  },
  SabangSendQueue: { sabang_send_queue_bytes: "200000000x30" },
  SabangFileDescriptors: { process_open_fds: "900x30", process_max_fds: "1000x30" },
  SabangNoAuthority: {
    'sabang_cluster_role{role="authority"}': "0x30",
    'sabang_cluster_role{role="replica"}': "1x30",
  },
  SabangReplicaLags: { sabang_cluster_lag_seconds: "3x30" },
  SabangRedisSlow: {
    'sabang_cluster_redis_seconds_bucket{le="0.1"}': "0+1100x30",
    'sabang_cluster_redis_seconds_bucket{le="0.25"}': "0+1200x30",
    'sabang_cluster_redis_seconds_bucket{le="+Inf"}': "0+1200x30",
  },
};

/** The series of a healthy server with players, with one value per minute. */
const HEALTHY: Record<string, string> = {
  up: "1x40",
  process_start_time_seconds: "1x40",
  sabang_store_up: "1x40",
  sabang_store_oldest_waiting_seconds: "0.4x40",
  sabang_ticks_late_total: "0+1x40",
  sabang_tick_lateness_seconds_count: "0+1200x40",
  'sabang_patch_duration_seconds_bucket{le="0.01"}': "0+1200x40",
  'sabang_patch_duration_seconds_bucket{le="+Inf"}': "0+1200x40",
  'sabang_refusals_total{reason="busy"}': "0x40",
  'sabang_refusals_total{reason="tokenInvalid"}': "0+1x40",
  'sabang_refusals_total{reason="badJoinOption"}': "0+9000x40",
  // A refused frame increments both of the next two counters.
  sabang_frames_refused_total: "0+200x40",
  'sabang_edge_refusals_total{reason="badFrame"}': "0+200x40",
  'sabang_edge_refusals_total{reason="tooManyJoins"}': "0+60x40",
  sabang_admission_open: "1x40",
  sabang_drops_total: "0+20x40",
  'sabang_clients{map="plaza",transport="sdk"}': "1500x40",
  sabang_send_queue_bytes: "100000x40",
  'sabang_cluster_role{role="authority"}': "1x40",
  sabang_cluster_lag_seconds: "0.05x40",
  'sabang_cluster_redis_seconds_bucket{le="0.005"}': "0+1200x40",
  'sabang_cluster_redis_seconds_bucket{le="+Inf"}': "0+1200x40",
  process_open_fds: "1600x40",
  process_max_fds: "65536x40",
};

/** The labels that Prometheus adds to each series when it scrapes the server. */
const SCRAPE_LABELS = { job: "sabang", instance: "server:2567" };

/** Returns a series with SCRAPE_LABELS added to its labels. */
function scraped(series: string): string {
  const [, name, labels = ""] = /^(\w+)(?:\{(.*)\})?$/.exec(series)!;
  const all = [labels, ...Object.entries(SCRAPE_LABELS).map(([label, value]) => `${label}="${value}"`)];
  return `${name}{${all.filter((label) => label !== "").join(",")}}`;
}

/** Checks with promtool that, given these series, exactly these alerts fire at minute 30. */
function checkAlerts(series: Record<string, string>, alerts: string[]): { status: number | null; output: string } {
  const file = join(folder, "test.json");
  const tests = [
    {
      interval: "1m",
      input_series: Object.entries(series).map(([name, values]) => ({ series: scraped(name), values })),
      // A single test checks all alerts, because promtool evaluates all rules again for each test.
      alert_rule_test: rules.map(({ alert, labels, annotations }) => ({
        eval_time: "30m",
        alertname: alert,
        exp_alerts: alerts.includes(alert)
          ? [{ exp_labels: { ...labels, ...labelsOf(alert) }, exp_annotations: annotations }]
          : [],
      })),
    },
  ];
  writeFileSync(file, JSON.stringify({ rule_files: [pathOf("alerts.yml")], evaluation_interval: "1m", tests }));
  return runProgram("promtool", ["test", "rules", file]);
}

/** Returns the labels that an alert inherits from its series. A sum drops all labels. */
function labelsOf(alert: string): Record<string, string> {
  return /\bsum\b/.test(rules.find((rule) => rule.alert === alert)!.expr) ? {} : SCRAPE_LABELS;
}

describeWith("promtool", "promtool", () => {
  test("accepts deploy/prometheus.yml and deploy/alerts.yml", () => {
    expect(runProgram("promtool", ["check", "config", "--syntax-only", pathOf("prometheus.yml")]).status).toBe(0);
    const { status, output } = runProgram("promtool", ["check", "rules", pathOf("alerts.yml")]);
    expect([status, output]).toEqual([0, expect.stringContaining(`SUCCESS: ${rules.length} rules found`)]);
  });

  test("accepts each expression of the Grafana dashboard", () => {
    const file = join(folder, "dashboard.json");
    const asRules = queries.map((expr, index) => ({ record: `query:${index}`, expr }));
    writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules: asRules }] }));
    const { status, output } = runProgram("promtool", ["check", "rules", file]);
    expect([status, output]).toEqual([0, expect.stringContaining(`SUCCESS: ${queries.length} rules found`)]);
  });

  test("reports no alert for the series of a healthy server", () => {
    expect(checkAlerts(HEALTHY, [])).toEqual({ status: 0, output: expect.stringContaining("SUCCESS") });
  });

  test.each(rules.map(({ alert }) => alert))(
    "reports only the alert %s for the series that should cause this alert",
    (alert) => {
      expect(checkAlerts(CAUSES[alert]!, [alert])).toEqual({ status: 0, output: expect.stringContaining("SUCCESS") });
    },
  );

  test.each([
    [
      "the edge (the code in front of the rooms) alone refuses too many requests",
      { 'sabang_edge_refusals_total{reason="tooManyJoins"}': "0+600x30" },
    ],
    [
      "only the total of refusals by the edge (the code in front of the rooms) and by the rooms is too high",
      {
        'sabang_refusals_total{reason="tokenInvalid"}': "0+200x30",
        'sabang_edge_refusals_total{reason="tooManyJoins"}': "0+200x30",
      },
    ],
  ])("reports the alert SabangAbuse if %s", (_what, series) => {
    expect(checkAlerts(series, ["SabangAbuse"])).toEqual({ status: 0, output: expect.stringContaining("SUCCESS") });
  });
});
