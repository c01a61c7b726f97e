import { useEffect, useRef } from "preact/hooks";
import type UPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export interface ChartLine {
  label: string;
  /** Custom property that holds its color: "--accent". */
  color: string;
  /** Dashes, so that lines are told apart without color: [on, off] in px. */
  dash?: [number, number];
  width?: number;
}

/** Colors and dashes for lines that stand side by side, in order; they repeat after six. */
export const lineLooks: readonly Pick<ChartLine, "color" | "dash">[] = [
  { color: "--accent" },
  { color: "--wait", dash: [7, 3] },
  { color: "--pass", dash: [2, 3] },
  { color: "--error", dash: [10, 3] },
  { color: "--fg-muted", dash: [4, 4] },
  { color: "--fail", dash: [1, 3] },
];

interface Props {
  lines: readonly ChartLine[];
  /** Seconds, rising. */
  x: readonly number[];
  /** One list for each line, as long as x; null where there is nothing. */
  y: readonly (readonly (number | null)[])[];
  /** Seconds at the left and right edge. */
  range: readonly [number, number];
  /** Least that the scale reaches up to. */
  least: number;
  /** Values hold until they change. */
  stepped?: boolean;
  /** Says what a value of the scale is; without it, values are counts and the scale has whole numbers. */
  inWords?: (value: number) => string;
  /** Seconds since the start below the chart, instead of how long ago it was. */
  elapsed?: boolean;
  /** What it shows now, in words. */
  says: string;
}

const height = 150;

/** Lines over time, drawn with uPlot in the page's own colors. What it shows stands in words beside it: a canvas tells nothing by itself. */
export function Chart({ lines, x, y, range, least, stepped, elapsed, inWords, says }: Props) {
  const at = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>();
  const latest = useRef({ x, y, range, least, inWords });
  latest.current = { x, y, range, least, inWords };
  const shape = JSON.stringify([lines, stepped, elapsed]);

  useEffect(() => {
    let gone = false;
    let clean = (): void => {};
    void import("uplot").then(({ default: Plot }) => {
      const host = at.current;
      if (gone || !host) return;
      const draw = (): void => {
        plot.current?.destroy();
        const style = getComputedStyle(host);
        const color = (name: string): string => style.getPropertyValue(name).trim();
        const font = `12px ${color("--sans")}`;
        const axis = { stroke: color("--fg-muted"), font, ticks: { show: false } };
        const grid = { stroke: color("--line"), width: 1 };
        const paths = stepped ? Plot.paths.stepped?.({ align: 1 }) : undefined;
        plot.current = new Plot(
          {
            width: host.clientWidth,
            height,
            legend: { show: false },
            cursor: { show: false },
            padding: [10, 14, 0, 0],
            scales: {
              x: { time: false, range: () => [...latest.current.range] as [number, number] },
              y: {
                range: (_, __, most) => {
                  const top = (most || 0) * 1.1;
                  return [0, Math.max(latest.current.least, inWords ? top : Math.ceil(top))];
                },
              },
            },
            axes: [
              {
                ...axis,
                size: 30,
                grid: { show: false },
                values: (_, ticks) =>
                  ticks.map((tick) => (elapsed ? `${tick} s` : ago(latest.current.range[1] - tick))),
              },
              inWords
                ? {
                    ...axis,
                    grid,
                    size: 62,
                    values: (_, ticks) => ticks.map((tick) => latest.current.inWords?.(tick) ?? String(tick)),
                  }
                : { ...axis, grid, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] },
            ],
            series: [
              {},
              ...lines.map((line) => ({
                label: line.label,
                stroke: color(line.color),
                width: line.width ?? 2,
                points: { show: false },
                ...(line.dash && { dash: line.dash }),
                ...(paths && { paths }),
              })),
            ],
          },
          [[...latest.current.x], ...latest.current.y.map((one) => [...one])],
          host,
        );
      };
      draw();
      const resized = new ResizeObserver(() => plot.current?.setSize({ width: host.clientWidth, height }));
      resized.observe(host);
      const scheme = matchMedia("(prefers-color-scheme: dark)");
      // The theme's attribute is set by another listener of the same event.
      const restyled = (): void => void requestAnimationFrame(draw);
      addEventListener("workbook:theme", restyled);
      scheme.addEventListener("change", restyled);
      clean = () => {
        resized.disconnect();
        removeEventListener("workbook:theme", restyled);
        scheme.removeEventListener("change", restyled);
      };
    });
    return () => {
      gone = true;
      clean();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [shape]);

  useEffect(() => {
    plot.current?.setData([[...x], ...y.map((one) => [...one])]);
  }, [x, y]);

  return <div class="chart" ref={at} role="img" aria-label={says} style={{ height: `${height}px` }} />;
}

const ago = (seconds: number): string => {
  const whole = Math.round(seconds);
  if (whole <= 0) return "now";
  return whole < 60 ? `−${whole} s` : `−${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};

/** What the lines are called, with a sample of each. */
export function ChartKey({ lines, notes }: { lines: readonly ChartLine[]; notes?: readonly string[] }) {
  return (
    <ul class="chart-key">
      {lines.map(({ label, color, dash }, index) => (
        <li key={label}>
          <svg width="26" height="8" viewBox="0 0 26 8" aria-hidden="true">
            <path d="M1 4h24" stroke={`var(${color})`} stroke-width="2.5" stroke-dasharray={dash?.join(" ")} />
          </svg>
          <span>{label}</span>
          {notes?.[index] && <span class="chart-note">{notes[index]}</span>}
        </li>
      ))}
    </ul>
  );
}
