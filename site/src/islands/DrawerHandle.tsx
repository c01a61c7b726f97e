import { ChevronDown, ChevronUp, SquareTerminal } from "lucide-preact";
import { useRef } from "preact/hooks";
import { keep } from "../stores/kept.ts";
import { $drawer } from "../stores/terminals.ts";

const setHeight = (pixels: number): void => {
  const share = Math.min(94, Math.max(24, (100 * pixels) / innerHeight));
  const value = `${Math.round(share)}dvh`;
  document.documentElement.style.setProperty("--drawer", value);
  keep("drawer", value);
};

/** In narrow windows: opens the workbench, and pulls it up or down. */
export function DrawerHandle({ open }: { open: boolean }) {
  const dragged = useRef(false);
  const drag = (event: PointerEvent) => {
    const handle = event.currentTarget as HTMLElement;
    const from = event.clientY;
    dragged.current = false;
    handle.setPointerCapture(event.pointerId);
    const move = (moved: PointerEvent) => {
      // A hand that trembles still clicks.
      if (!dragged.current && Math.abs(moved.clientY - from) < 8) return;
      dragged.current = true;
      $drawer.set(true);
      setHeight(innerHeight - moved.clientY);
    };
    const end = () => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("lostpointercapture", end);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("lostpointercapture", end);
  };
  const key = (event: KeyboardEvent) => {
    const step = event.key === "ArrowUp" ? 60 : event.key === "ArrowDown" ? -60 : 0;
    const height = (event.currentTarget as HTMLElement).parentElement?.offsetHeight;
    if (step === 0 || !open || height === undefined) return;
    event.preventDefault();
    setHeight(height + step);
  };
  return (
    <button
      type="button"
      class="drawer-handle"
      aria-expanded={open}
      title="Click to open or close, drag for another height"
      onPointerDown={drag}
      onKeyDown={key}
      onClick={() => {
        if (!dragged.current) $drawer.set(!open);
        dragged.current = false;
      }}
    >
      <SquareTerminal size={18} aria-hidden="true" />
      <span>{open ? "Back to the text" : "Terminal"}</span>
      {open ? <ChevronDown size={18} aria-hidden="true" /> : <ChevronUp size={18} aria-hidden="true" />}
    </button>
  );
}
