// The results as line charts: the number of players on the x axis, the cost on the y axis, and one line per server.
import { init } from "echarts";
import { type BrokenRow, isComplete, type Row } from "./run.ts";

const WIDTH = 760;
const HEIGHT = 460;

/** The colour of each server. Most colour-blind readers can distinguish these colours (Okabe and Ito). */
const COLOURS: Readonly<Record<string, string>> = {
  sabang: "#d55e00",
  "ws-binary": "#000000",
  bare: "#56b4e9",
  "ws-json": "#7f7f7f",
  tutorial: "#0072b2",
  "state-view": "#009e73",
  "socket-io": "#cc79a7",
  tornado: "#e69f00",
};

const CHARTS: readonly { file: string; title: string; unit: string; log: boolean; value: (row: Row) => number }[] = [
  {
    file: "cpu.svg",
    title: "Server CPU per delivered frame",
    unit: "µs per frame",
    log: false,
    value: (row) => row.cpuPerFrame,
  },
  {
    file: "bytes.svg",
    title: "Bytes to each client",
    unit: "kB/s per client (log scale)",
    log: true,
    value: (row) => row.kilobytesPerSecond,
  },
  {
    file: "latency.svg",
    title: "Latency from input to own state, 99th percentile",
    unit: "ms (log scale)",
    log: true,
    value: (row) => row.latency.p99,
  },
];

/**
 * Returns the charts as SVG, by file name. A file name begins with the name of the crowd, except for the crowd `even`.
 * The background is white, so the charts are readable on dark pages too.
 */
export function charts(rows: readonly (Row | BrokenRow)[]): Map<string, string> {
  const completed = rows.filter(isComplete);
  const crowds = [...new Set(completed.map(({ crowd }) => crowd))];
  return new Map(
    crowds.flatMap((crowd) =>
      CHARTS.map(({ file, title, ...chart }) => {
        const [prefix, suffix] = crowd === "even" ? ["", ""] : [`${crowd}-`, ` (${crowd})`];
        const ofCrowd = completed.filter((row) => row.crowd === crowd);
        return [prefix + file, draw(ofCrowd, { ...chart, title: title + suffix })] as const;
      }),
    ),
  );
}

function draw(rows: readonly Row[], { title, unit, log, value }: Omit<(typeof CHARTS)[number], "file">): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height: HEIGHT });
  const text = { color: "#222222", fontSize: 13 };
  const axis = {
    nameLocation: "middle" as const,
    nameTextStyle: text,
    axisLabel: text,
    splitLine: { lineStyle: { color: "#dddddd" } },
  };
  const players = [...new Set(rows.map(({ clients }) => clients))];
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    title: { text: title, left: "center", top: 10, textStyle: { color: "#222222", fontSize: 17 } },
    legend: { bottom: 10, itemGap: 18, textStyle: text },
    grid: { left: 80, right: 30, top: 55, bottom: 95 },
    xAxis: {
      ...axis,
      type: "value",
      name: "players in one room",
      nameGap: 32,
      min: 0,
      max: Math.max(...players),
      // The axis has marks only at the numbers of players that were measured.
      axisTick: { customValues: players },
      axisLabel: { ...text, customValues: players },
      splitLine: { show: false },
    },
    // On a logarithmic axis, base 2 gives more grid lines than the default, base 10.
    yAxis: { ...axis, ...(log ? { type: "log", logBase: 2 } : { type: "value" }), name: unit, nameGap: 52 },
    series: [...new Set(rows.map(({ server }) => server))].map((server) => ({
      type: "line",
      name: server,
      color: COLOURS[server] ?? "#f0e442",
      lineStyle: { width: server === "sabang" ? 4 : 2 },
      symbol: "circle",
      symbolSize: server === "sabang" ? 9 : 6,
      z: server === "sabang" ? 3 : 2,
      data: rows
        .filter((row) => row.server === server && Number.isFinite(value(row)))
        .map((row) => [row.clients, Number(value(row).toPrecision(4))]),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
