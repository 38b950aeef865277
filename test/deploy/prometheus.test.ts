// What Prometheus and Grafana are given: promtool reads it, every metric in it is one that the server has, and each alert
// goes off for what it is there for and for nothing else.
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

/** The metrics that an expression is about: all its names less labels, their values and functions. */
function metricsIn(expr: string): string[] {
  const bare = expr.replace(/\{[^}]*\}|\[[^\]]*\]|"[^"]*"|\b(by|without|on|ignoring) *\([^)]*\)/g, "");
  return [...bare.matchAll(/\b[a-z][a-z_0-9]+\b(?! *\()/g)]
    .map(([name]) => name)
    .filter((name) => !["and", "or"].includes(name));
}

/** The names of all series that the server has, or will have as soon as there is something to count. */
async function seriesNames(): Promise<Set<string>> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const families = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  return new Set(
    families.flatMap(([, name, type]) =>
      type === "histogram" ? ["bucket", "sum", "count"].map((part) => `${name}_${part}`) : [name!],
    ),
  );
}

test("each metric of an alert or a panel is one that the server has", async () => {
  // Made by Prometheus itself.
  const known = (await seriesNames()).add("up");
  for (const expr of [...queries, ...rules.map(({ expr }) => expr)]) {
    const names = metricsIn(expr);
    expect([expr, names.length > 0]).toEqual([expr, true]);
    for (const name of names) expect([expr, name, known.has(name)]).toEqual([expr, name, true]);
  }
});

test("each metric of our own is on the dashboard", async () => {
  const shown = new Set(queries.flatMap(metricsIn));
  const families = [...(await seriesNames())]
    .filter((name) => name.startsWith("sabang_") && !/_(sum|count)$/.test(name))
    .filter((name) => !shown.has(name));
  expect(families).toEqual([]);
});

test("a reason that an alert or a panel names is one that is counted", async () => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const reasons = [...text.matchAll(/sabang_refusals_total\{reason="(\w+)"\}/g)].map(([, reason]) => reason!);
  for (const { expr } of rules) {
    for (const [, pattern] of expr.matchAll(/sabang_refusals_total\{reason=~"([^"]+)"\}/g)) {
      for (const one of pattern!.split("|")) {
        expect([one, reasons.some((reason) => new RegExp(`^${one}$`).test(reason))]).toEqual([one, true]);
      }
    }
  }
});

test("panels have numbers of their own, and lie beside each other", () => {
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
});

/** What makes each alert go off after half an hour: series as the server has them, one value a minute. */
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
  SabangAbuse: {
    'sabang_refusals_total{reason="tokenInvalid"}': "0+600x30",
    'sabang_edge_refusals_total{reason="tooManyJoins"}': "0+0x30",
  },
  SabangClientsLost: {
    sabang_drops_total: "0+600x30",
    'sabang_clients{map="plaza",transport="sdk"}': "100x30",
    'sabang_clients{map="plaza",transport="plain"}': "0x30",
  },
  SabangSendQueue: { sabang_send_queue_bytes: "200000000x30" },
  SabangFileDescriptors: { process_open_fds: "900x30", process_max_fds: "1000x30" },
};

/** A server that is well, and in use. */
const WELL: Record<string, string> = {
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
  // One and the same: a frame that is refused is a refusal of the edge.
  sabang_frames_refused_total: "0+200x40",
  'sabang_edge_refusals_total{reason="badFrame"}': "0+200x40",
  'sabang_edge_refusals_total{reason="tooManyJoins"}': "0+60x40",
  sabang_admission_open: "1x40",
  sabang_drops_total: "0+20x40",
  'sabang_clients{map="plaza",transport="sdk"}': "1500x40",
  sabang_send_queue_bytes: "100000x40",
  process_open_fds: "1600x40",
  process_max_fds: "65536x40",
};

/** The labels that each series gets when it is scraped: expressions are compared by them, too. */
const SCRAPED = { job: "sabang", instance: "server:2567" };

/** A series as Prometheus keeps it. */
function scraped(series: string): string {
  const [, name, labels = ""] = /^(\w+)(?:\{(.*)\})?$/.exec(series)!;
  const all = [labels, ...Object.entries(SCRAPED).map(([label, value]) => `${label}="${value}"`)];
  return `${name}{${all.filter((label) => label !== "").join(",")}}`;
}

/** Whether promtool sees just these alerts after half an hour of these series. */
function seen(series: Record<string, string>, alerts: string[]): { status: number | null; output: string } {
  const file = join(folder, "test.json");
  const tests = rules.map(({ alert, labels, annotations }) => ({
    interval: "1m",
    input_series: Object.entries(series).map(([name, values]) => ({ series: scraped(name), values })),
    alert_rule_test: [
      {
        eval_time: "30m",
        alertname: alert,
        exp_alerts: alerts.includes(alert)
          ? [{ exp_labels: { ...labels, ...labelsOf(alert) }, exp_annotations: annotations }]
          : [],
      },
    ],
  }));
  writeFileSync(file, JSON.stringify({ rule_files: [pathOf("alerts.yml")], evaluation_interval: "1m", tests }));
  return runProgram("promtool", ["test", "rules", file]);
}

/** The labels that an alert has from its series: a sum has none. */
function labelsOf(alert: string): Record<string, string> {
  return /\bsum\b/.test(rules.find((rule) => rule.alert === alert)!.expr) ? {} : SCRAPED;
}

describeWith("promtool", "promtool", () => {
  test("reads the settings and the alerts", () => {
    expect(runProgram("promtool", ["check", "config", "--syntax-only", pathOf("prometheus.yml")]).status).toBe(0);
    const { status, output } = runProgram("promtool", ["check", "rules", pathOf("alerts.yml")]);
    expect([status, output]).toEqual([0, expect.stringContaining(`SUCCESS: ${rules.length} rules found`)]);
  });

  test("reads each expression of the dashboard", () => {
    const file = join(folder, "dashboard.json");
    const asRules = queries.map((expr, index) => ({ record: `query:${index}`, expr }));
    writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules: asRules }] }));
    const { status, output } = runProgram("promtool", ["check", "rules", file]);
    expect([status, output]).toEqual([0, expect.stringContaining(`SUCCESS: ${queries.length} rules found`)]);
  });

  test("sees no alert go off while all is well", () => {
    expect(seen(WELL, [])).toEqual({ status: 0, output: expect.stringContaining("SUCCESS") });
  });

  test.each(rules.map(({ alert }) => alert))("sees %s go off, alone, for what it is there for", (alert) => {
    expect(seen(CAUSES[alert]!, [alert])).toEqual({ status: 0, output: expect.stringContaining("SUCCESS") });
  });
});
