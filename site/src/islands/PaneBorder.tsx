import { useEffect, useState } from "preact/hooks";
import { keep, kept } from "../stores/kept.ts";

const initial = 50;
const clamp = (share: number) => Math.min(72, Math.max(25, share));

/** The border between text and workbench: drag it, or move it with the arrow keys. Remembered. */
export function PaneBorder() {
  const [share, setShare] = useState(initial);
  useEffect(() => {
    const saved = Number.parseFloat(kept("split") ?? "");
    if (Number.isFinite(saved)) setShare(clamp(saved));
  }, []);
  const apply = (next: number) => {
    const value = clamp(next);
    setShare(value);
    document.documentElement.style.setProperty("--split", `${value}vw`);
    keep("split", `${value}vw`);
  };
  const drag = (event: PointerEvent) => {
    const handle = event.currentTarget as HTMLElement;
    handle.setPointerCapture(event.pointerId);
    const move = (moved: PointerEvent) => apply(100 * (1 - moved.clientX / innerWidth));
    const end = () => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("lostpointercapture", end);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("lostpointercapture", end);
  };
  const key = (event: KeyboardEvent) => {
    const step = event.key === "ArrowLeft" ? 2 : event.key === "ArrowRight" ? -2 : 0;
    if (step !== 0) apply(share + step);
    else if (event.key === "Home") apply(72);
    else if (event.key === "End") apply(25);
    else if (event.key === "Enter") apply(initial);
    else return;
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a movable separator is a widget, <hr> is not
    <div
      class="pane-border"
      role="separator"
      aria-label="Border between text and terminal"
      aria-orientation="vertical"
      aria-valuemin={25}
      aria-valuemax={72}
      aria-valuenow={Math.round(share)}
      tabIndex={0}
      title="Drag, or use the arrow keys; double-click for the middle"
      onPointerDown={drag}
      onDblClick={() => apply(initial)}
      onKeyDown={key}
    />
  );
}
