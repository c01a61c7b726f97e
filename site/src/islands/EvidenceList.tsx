import type { Evidence } from "../../../checkers/core/verdict.ts";
import { Command } from "./Command.tsx";
import { differ, type Part } from "./differ.ts";

const Marked = ({ parts }: { parts: Part[] }) => (
  <>
    {parts.map(({ text, differs }, index) =>
      differs && text.trim() !== "" ? <mark key={`${index}${text}`}>{text}</mark> : text,
    )}
  </>
);

function One({ evidence, passed, terminal }: { evidence: Evidence; passed: boolean; terminal: boolean }) {
  const parts = passed
    ? { expected: [{ text: evidence.expected, differs: false }], actual: [{ text: evidence.actual, differs: false }] }
    : differ(evidence.expected, evidence.actual);
  return (
    <li class="evidence">
      {(evidence.object || evidence.path) && (
        <p class="looked-at">
          {evidence.object && <code>{evidence.object}</code>} {evidence.path && <span>{evidence.path}</span>}
        </p>
      )}
      <dl>
        <div>
          <dt>expected</dt>
          <dd>
            <Marked parts={parts.expected} />
          </dd>
        </div>
        <div>
          <dt>seen</dt>
          <dd>
            <Marked parts={parts.actual} />
          </dd>
        </div>
      </dl>
      {evidence.command && <Command command={evidence.command} terminal={terminal} />}
    </li>
  );
}

/** What a check looked at: expected and seen side by side, the differing part marked. `terminal`: whether the page has one to run commands in. */
export function EvidenceList({
  evidence,
  passed,
  terminal = true,
}: {
  evidence: Evidence[];
  passed: boolean;
  terminal?: boolean;
}) {
  return (
    <ul class="evidence-list">
      {evidence.map((one) => (
        <One key={`${one.object}${one.path}${one.expected}`} evidence={one} passed={passed} terminal={terminal} />
      ))}
    </ul>
  );
}
