import type { ClusterView } from "../../../checkers/core/report.ts";
import type { LabState, Link } from "../stores/socket.ts";
import { about } from "../stores/words.ts";
import { ClusterSteps } from "./ClusterSteps.tsx";
import { Trouble } from "./Trouble.tsx";

export const clusterHead: Record<ClusterView["state"], string> = {
  absent: "There is no cluster yet",
  building: "Your cluster is being built",
  ready: "Your cluster is ready",
  unreachable: "The cluster does not answer",
  failed: "The cluster could not be built",
  stopped: "The cluster is stopped",
};

function Meanwhile() {
  return (
    <div class="meanwhile">
      <h3>Meanwhile</h3>
      <p>
        The lesson's text, its pictures and the predictions need no cluster: lock your predictions in now. Checks start
        and the terminal attaches here by themselves.
      </p>
    </div>
  );
}

function Waiting({ view }: { view: ClusterView }) {
  return (
    <>
      <h2>{clusterHead[view.state]}</h2>
      <p>
        {view.summary}
        {view.state === "building" && view.remaining !== undefined && ` · ${about(view.remaining)} to go`}
      </p>
      {view.state === "building" && (
        <progress max={1} value={view.progress} aria-label="How far the cluster is">
          {Math.round(view.progress * 100)} %
        </progress>
      )}
      {view.error && <Trouble error={view.error} />}
      {view.steps.length > 0 && <ClusterSteps view={view} />}
      {view.state === "building" && <Meanwhile />}
    </>
  );
}

/** In place of the terminal while there can't be one: what is happening, since when, how long it takes. */
export function WaitingPane(props: {
  link: Link;
  view: ClusterView | undefined;
  lab: LabState | undefined;
  trouble: string | undefined;
  onOpen(): void;
}) {
  const { link, view, lab, trouble } = props;
  return (
    <div class="waiting-pane">
      {!view || link.state === "ended" ? (
        <>
          <h2>{link.state === "ended" ? "This session has ended" : "Connecting to the workbook"}</h2>
          <p>
            {link.state === "ended"
              ? "Run ./workbook open in a terminal of yours: it gives a fresh address. Your work and progress are kept."
              : "It runs on this machine; this takes a moment."}
          </p>
        </>
      ) : view.state !== "ready" ? (
        <Waiting view={view} />
      ) : lab?.state === "failed" ? (
        <>
          <h2>This lab could not be set up</h2>
          <p>{lab.says}</p>
        </>
      ) : trouble ? (
        <>
          <h2>No terminal could be opened</h2>
          <p>{trouble}</p>
          <button type="button" class="primary" onClick={props.onOpen}>
            Try again
          </button>
        </>
      ) : (
        <>
          <h2>
            {lab?.state === "entering" || lab?.state === "resetting" ? "Preparing the lab" : "Opening a terminal"}
          </h2>
          <p>{lab?.says ?? "Its namespace and your working folder."}</p>
          {lab?.state === "ready" && (
            <button type="button" class="primary" onClick={props.onOpen}>
              Open a terminal
            </button>
          )}
        </>
      )}
    </div>
  );
}
