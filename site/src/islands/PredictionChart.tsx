import type { PublicPrediction } from "../../../checkers/core/quiz.ts";
import type { MeasureReply } from "../../protocol.ts";
import { Chart, ChartKey, type ChartLine, lineLooks } from "./Chart.tsx";
import { Inline, Paragraphs } from "./Inline.tsx";

const round = (value: number) => Math.round(value * 100) / 100;

/** Bars of what was measured, with a line where the prediction stands. */
function Bars(props: {
  series: MeasureReply["series"];
  said: number | undefined;
  unit: string;
  /** The most that could be predicted. */
  max: number | undefined;
}) {
  const { series, said, unit } = props;
  const most = Math.max(said ?? 0, ...series.map(({ value }) => value));
  // A little air on the right, but a scale that ends (100 %) ends there.
  const top = (props.max !== undefined && most <= props.max ? Math.min(most * 1.08, props.max) : most * 1.08) || 1;
  const share = (value: number) => `${(100 * value) / top}%`;
  return (
    <table class="bars">
      <caption class="sr-only">What was measured{unit && `, in ${unit}`}</caption>
      <tbody>
        {series.map(({ label, value }) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            <td>
              <span class="track">
                <span class="bar" style={{ width: share(value) }} />
                {said !== undefined && <span class="said" style={{ left: share(said) }} aria-hidden="true" />}
              </span>
              <span class="figure">{round(value)}</span>
            </td>
          </tr>
        ))}
      </tbody>
      {said !== undefined && (
        <tfoot>
          <tr>
            <th scope="row">
              <span class="said-key" aria-hidden="true" /> your prediction
            </th>
            <td>
              <span class="figure">
                {round(said)} {unit}
              </span>
            </td>
          </tr>
        </tfoot>
      )}
    </table>
  );
}

/** What was measured second by second, and the prediction as a level line. */
function Lines(props: {
  lines: NonNullable<MeasureReply["lines"]>;
  /** In the unit of the lines; undefined where the prediction is something else. */
  said: number | undefined;
  unit: string;
}) {
  const { lines, said, unit } = props;
  const length = Math.max(0, ...lines.map(({ values }) => values.length));
  if (length === 0) return null;
  const looks: ChartLine[] = [
    ...lines.map(({ label }, index) => ({ label, ...lineLooks[index % lineLooks.length]! })),
    ...(said === undefined
      ? []
      : [{ label: "your prediction", color: "--fg-muted", dash: [1, 4] as [number, number] }]),
  ];
  const last = (values: readonly (number | null)[]): string => {
    const value = values.findLast((one) => one !== null);
    return value === undefined || value === null ? "" : `${Math.round(value)} ${unit}`;
  };
  const says = lines.map(({ label, values }) => `${label}: ${last(values)}`).join("; ");
  const x = Array.from({ length }, (_, index) => index + 1);
  return (
    <div class="over-time">
      <Chart
        lines={looks}
        x={x}
        y={[
          ...lines.map(({ values }) => x.map((_, index) => values[index] ?? null)),
          ...(said === undefined ? [] : [x.map(() => said)]),
        ]}
        range={[0, Math.max(length, 10)]}
        least={100}
        elapsed
        says={`Over ${length} seconds. ${says}`}
      />
      <ChartKey lines={looks} notes={lines.map(({ values }) => last(values))} />
    </div>
  );
}

/** What has been measured so far, drawn over the prediction as it comes in. */
export function MeasuringChart(props: {
  prediction: PublicPrediction;
  said: number | string;
  series: MeasureReply["series"];
  lines?: MeasureReply["lines"];
}) {
  const { prediction, said, series, lines } = props;
  const number = prediction.kind === "number";
  return (
    <div class="outcome">
      <p class="measured">Measured so far</p>
      {lines && <Lines lines={lines} said={number ? Number(said) : undefined} unit={number ? prediction.unit : "ms"} />}
      <Bars
        series={series}
        said={number ? Number(said) : undefined}
        unit={number ? prediction.unit : ""}
        max={number ? prediction.max : undefined}
      />
    </div>
  );
}

/** The measurement drawn against the prediction, and what explains it. */
export function PredictionChart(props: {
  prediction: PublicPrediction;
  said: number | string;
  measured: MeasureReply;
}) {
  const { prediction, said, measured } = props;
  const number = prediction.kind === "number";
  const right = number ? undefined : prediction.choices[measured.value];
  const series =
    measured.series.length > 0 ? measured.series : number ? [{ label: "measured", value: measured.value }] : [];
  return (
    <div class="outcome">
      <p class="measured">
        <b>
          {number
            ? `Measured: ${round(measured.value)} ${prediction.unit}`
            : right && (
                <>
                  It was: <Inline text={right} />
                </>
              )}
        </b>
        {!number && (right === said ? " You had it." : " You said otherwise.")}
      </p>
      {measured.lines && (
        <Lines lines={measured.lines} said={number ? Number(said) : undefined} unit={number ? prediction.unit : "ms"} />
      )}
      {series.length > 0 && (
        <Bars
          series={series}
          said={number ? Number(said) : undefined}
          unit={number ? prediction.unit : ""}
          max={number ? prediction.max : undefined}
        />
      )}
      <Paragraphs text={measured.says} />
      {measured.explanation && (
        <div class="explanation">
          <Paragraphs text={measured.explanation} />
        </div>
      )}
    </div>
  );
}
