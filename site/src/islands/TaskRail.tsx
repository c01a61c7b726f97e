import { $reports } from "../stores/socket.ts";
import { stateWord } from "../stores/words.ts";
import { StateGlyph } from "./StateMark.tsx";
import { useLive } from "./useLive.ts";

/** All tasks' states at the edge of the text; each jumps to its task. */
export default function TaskRail({ lab, tasks }: { lab: string; tasks: { id: string; title: string }[] }) {
  const report = useLive($reports)[lab];
  return (
    <nav class="rail" aria-label="Tasks of this lab">
      <ol>
        {tasks.map(({ id, title }, index) => {
          const state = report?.checks.find((one) => one.id === id)?.state ?? "todo";
          return (
            <li key={id}>
              <a href={`#task-${id}`} class="state" data-state={state}>
                <StateGlyph state={state} size={20} />
                <span class="rail-label">
                  Task {index + 1}: {title}, {stateWord[state]}
                </span>
              </a>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
