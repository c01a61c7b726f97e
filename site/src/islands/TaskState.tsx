import { useStore } from "@nanostores/preact";
import { $reports } from "../stores/socket.ts";
import { StateMark } from "./StateMark.tsx";

/** The task's state in its head: glyph and word. */
export default function TaskState({ lab, check }: { lab: string; check: string }) {
  const report = useStore($reports)[lab]?.checks.find(({ id }) => id === check);
  return <StateMark state={report?.state ?? "todo"} />;
}
