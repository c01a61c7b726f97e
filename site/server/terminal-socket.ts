import type { WebSocket } from "ws";
import * as z from "zod";
import { type Log, silent } from "./deps.ts";
import type { Viewer, WorkbookTerminal } from "./terminal.ts";

const size = { cols: z.int().min(2).max(500), rows: z.int().min(1).max(300) };
const up = z.discriminatedUnion("type", [
  z.object({ type: z.literal("input"), data: z.string() }),
  z.object({ type: z.literal("resize"), ...size }),
  z.object({ type: z.literal("ack"), chars: z.int().min(0).max(100_000_000) }),
]);

/** How long (ms) a page may take to say its size, which decides how the first screen is drawn. */
const sizeWithin = 50;

/** Joins an authenticated socket to a terminal until either goes away. A message that makes no sense ends the socket. */
export function joinTerminal(socket: WebSocket, terminal: WorkbookTerminal, log: Log = silent): void {
  const viewer: Viewer = {
    output: (bytes) => {
      if (socket.readyState === socket.OPEN) socket.send(bytes, { binary: true });
    },
    control: (message) => {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message), { binary: false });
    },
    end: () => socket.close(4410, "The terminal was closed."),
  };
  let attached = false;
  const attach = (): void => {
    clearTimeout(timer);
    if (attached || socket.readyState !== socket.OPEN) return;
    attached = true;
    try {
      terminal.attach(viewer);
    } catch (error) {
      log.error({ error, terminal: terminal.id }, "a shell did not start");
      socket.close(1011, "The shell did not start.");
    }
  };
  const timer = setTimeout(attach, sizeWithin);
  socket.on("message", (data, binary) => {
    const message = binary ? undefined : parse(String(data));
    if (!message) {
      socket.close(1007, "not a message of a terminal");
      return;
    }
    if (message.type === "resize") terminal.resize(message);
    attach();
    if (message.type === "input") terminal.input(message.data);
    else if (message.type === "ack") terminal.ack(viewer, message.chars);
  });
  socket.on("close", () => {
    clearTimeout(timer);
    terminal.detach(viewer);
  });
}

function parse(text: string): z.infer<typeof up> | undefined {
  try {
    const parsed = up.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
