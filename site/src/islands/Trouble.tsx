import type { ClusterView } from "../../../checkers/core/report.ts";

/** What is wrong with the cluster: what happened, what was kept, what to do. */
export function Trouble({ error }: { error: NonNullable<ClusterView["error"]> }) {
  return (
    <dl class="trouble">
      <dt>What happened</dt>
      <dd>{error.what}</dd>
      <dt>What was kept</dt>
      <dd>{error.kept}</dd>
      <dt>What to do</dt>
      <dd>{error.todo}</dd>
    </dl>
  );
}
