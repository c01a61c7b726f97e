import { useEffect, useState } from "preact/hooks";
import type { DrawnDashboard, PanelsReply } from "../../protocol.ts";
import { get, sayProblem } from "../stores/api.ts";
import { $labState, $reports } from "../stores/socket.ts";
import { plural } from "../stores/words.ts";
import { Chart, ChartKey, type ChartLine, lineLooks } from "./Chart.tsx";
import { inUnit, leastOf } from "./units.ts";
import { useLive } from "./useLive.ts";

/** Milliseconds between two drawings: as often as Prometheus scrapes. */
const every = 5_000;

type Panel = DrawnDashboard["panels"][number];

const last = (values: readonly (number | null)[]): number | undefined => {
  const at = values.findLastIndex((value) => value !== null);
  // A line that ended is not what is so now; a rate's last point may come a scrape late.
  return at < values.length - 4 ? undefined : (values[at] ?? undefined);
};

/** The learner's own dashboard, drawn from Prometheus while they write it: in Grafana's place. */
export default function LivePanels({ lab }: { lab: string }) {
  const state = useLive($labState)[lab]?.state;
  const report = useLive($reports)[lab];
  const [reply, setReply] = useState<PanelsReply>();
  const [trouble, setTrouble] = useState("");

  // A verdict that changed says that the file did: then at once, else by the clock.
  useEffect(() => {
    if (state !== "ready") return;
    let gone = false;
    const draw = async (): Promise<void> => {
      if (document.visibilityState !== "visible") return;
      try {
        const next = await get<PanelsReply>(`/api/labs/${lab}/panels`);
        if (gone) return;
        setReply(next);
        setTrouble("");
      } catch (problem) {
        if (!gone) setTrouble(sayProblem(problem));
      }
    };
    void draw();
    const timer = setInterval(() => void draw(), every);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [lab, state, report]);

  if (!reply && !trouble) return <p class="live-empty">Your dashboard is drawn here once the lab is ready.</p>;
  const { dashboards = [], away } = reply ?? {};
  return (
    <figure class="live-panels" aria-label="Your dashboard">
      {trouble && (
        <p class="problem" role="alert">
          {trouble}
        </p>
      )}
      {away && <p class="problem">Prometheus does not answer just now, so nothing can be drawn: {away}</p>}
      {reply && !away && dashboards.length === 0 && (
        <p class="live-empty">
          There is no dashboard yet: no <code>dashboard.json</code> in your folder, and no ConfigMap that holds one.
        </p>
      )}
      {dashboards.map((dashboard) => (
        <Dashboard key={dashboard.where} dashboard={dashboard} over={reply as PanelsReply} />
      ))}
      <figcaption>
        This page draws it in Grafana's place: the same file, the same queries, asked of the lab's Prometheus every five
        seconds. The last five minutes.
      </figcaption>
    </figure>
  );
}

function Dashboard({ dashboard, over }: { dashboard: DrawnDashboard; over: PanelsReply }) {
  const { where, title, panels, problem } = dashboard;
  return (
    <section>
      <p class="panels-head">
        <strong>{title || "A dashboard"}</strong> <span class="note">{where}</span>
      </p>
      {problem && <p class="problem">{problem}</p>}
      <div class="panels">
        {panels.map((panel, index) => (
          <PanelView key={`${index} ${panel.title}`} panel={panel} over={over} />
        ))}
      </div>
    </section>
  );
}

function PanelView({ panel, over }: { panel: Panel; over: PanelsReply }) {
  const { title, unit, queries } = panel;
  const { start, end, step } = over;
  const drawn = queries.flatMap(({ lines }) => lines).filter(({ values }) => values.some((value) => value !== null));
  const lines: ChartLine[] = drawn.map(({ label }, index) => ({
    label,
    ...(lineLooks[index % lineLooks.length] as (typeof lineLooks)[number]),
  }));
  const now = drawn.map(({ values }) => {
    const value = last(values);
    return value === undefined ? "ended" : inUnit(value, unit);
  });
  const troubles = queries.map(({ problem }) => problem).filter((one) => one !== undefined);
  const more = queries.reduce((sum, one) => sum + (one.more ?? 0), 0);
  const says = lines.map(({ label }, index) => `${label} ${now[index]}`).join(", ");
  const x = Array.from({ length: Math.round((end - start) / step) + 1 }, (_, index) => start + index * step);
  return (
    <div class="panel">
      <p class="panel-title">{title}</p>
      {drawn.length > 0 && (
        <>
          <Chart
            lines={lines}
            x={x}
            y={drawn.map(({ values }) => values)}
            range={[start, end]}
            least={leastOf(unit)}
            inWords={(value) => inUnit(value, unit)}
            says={`${title}, the last five minutes. Now: ${says}.`}
          />
          <ChartKey lines={lines} notes={now} />
        </>
      )}
      {more > 0 && <p class="note">and {plural(more, "more line")}, not drawn</p>}
      {troubles.map((one) => (
        <p class="problem" key={one}>
          {one}
        </p>
      ))}
    </div>
  );
}
