/** A query of the learner's, asked of one phase of the recording: its pods alone, over all of its time. */
import { bare } from "../../../checkers/probes/promql.ts";

export interface Part {
  /** Names of metrics there are. */
  metrics: ReadonlySet<string>;
  /** What the learner's own service has as labels: matchers for them are replaced, since the copies that were measured have others. */
  own: Readonly<Record<string, string>>;
  namespace: string;
  pods: readonly string[];
  /** Seconds. */
  window: number;
}

/** What may stand for a range, in Grafana's way or in that of SLO generators: the check fills in its own. */
const placeholder = /\[\s*(?:\$\{?\w+\}?|\{\{\s*\.?\w+\s*\}\})/g;
const duration = /^(\s*)(?:\d+(?:ms|[smhdwy]))+/;

/**
 * Puts the phase's pods into each selector and its length into each range. Everything else stays as written. Selectors are found by what
 * is a metric's name outside of braces, or braces after none; a name nobody knows stays alone, and has no series.
 */
export function askedOf(promql: string, { metrics, own, namespace, pods, window }: Part): string {
  const written = promql.replace(placeholder, `[${window}s`);
  const clean = bare(written);
  const matchers = `namespace="${namespace}",pod=~"${pods.join("|")}",`;
  let text = "";
  let at = 0;
  while (at < clean.length) {
    const char = clean[at] as string;
    const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(clean.slice(at))?.[0];
    if (name !== undefined) {
      text += name;
      at += name.length;
      const gap = /^\s*/.exec(clean.slice(at))?.[0] ?? "";
      if (metrics.has(name) && clean[at + gap.length] !== "{" && clean[at + gap.length] !== "(")
        text += `{${matchers}}`;
    } else if (char === "{") {
      const end = closing(clean, at);
      text += `{${matchers}${withoutOwn(written.slice(at + 1, end), own)}`;
      at = end;
    } else if (char === "[") {
      const rest = clean.slice(at + 1);
      const length = duration.exec(rest);
      text += length ? `[${window}s` : "[";
      at += 1 + (length?.[0].length ?? 0);
    } else {
      // From the text itself: what is blank in the clean one may be quoted.
      text += written[at];
      at++;
    }
  }
  return text;
}

const closing = (clean: string, open: number): number => {
  const end = clean.indexOf("}", open);
  return end < 0 ? clean.length : end;
};

function withoutOwn(inside: string, own: Part["own"]): string {
  let left = inside;
  for (const [label, value] of Object.entries(own)) {
    const quoted = value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    left = left.replace(new RegExp(`\\b${label}\\s*=~?\\s*(["'])${quoted}\\1\\s*,?`, "g"), "");
  }
  return left;
}
