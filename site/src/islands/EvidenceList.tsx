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

function One({ evidence, passed }: { evidence: Evidence; passed: boolean }) {
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
      {evidence.command && <Command command={evidence.command} />}
    </li>
  );
}

/** What a check looked at: expected and seen side by side, the differing part marked. */
export function EvidenceList({ evidence, passed }: { evidence: Evidence[]; passed: boolean }) {
  return (
    <ul class="evidence-list">
      {evidence.map((one) => (
        <One key={`${one.object}${one.path}${one.expected}`} evidence={one} passed={passed} />
      ))}
    </ul>
  );
}
