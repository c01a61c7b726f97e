import { $reports } from "../stores/socket.ts";
import { StateMark } from "./StateMark.tsx";
import { useLive } from "./useLive.ts";

/** The task's state in its head: glyph and word. */
export default function TaskState({ lab, check }: { lab: string; check: string }) {
  const report = useLive($reports)[lab]?.checks.find(({ id }) => id === check);
  return <StateMark state={report?.state ?? "todo"} />;
}
