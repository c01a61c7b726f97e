import type { TerminalDown, TerminalUp } from "../../protocol.ts";

/** The WebSocket of one terminal: keeps itself connected, keeps what was typed meanwhile, counts what was parsed. */
export interface StreamEvents {
  /** Output, in order; call parsed() when the screen has taken it in. */
  output(text: string, parsed: () => void): void;
  /** The whole screen as the server has it: replaces what is shown. */
  screen(data: string, parsed: () => void): void;
  exit(code: number): void;
  link(connected: boolean): void;
}

/** The server pauses at 100,000 unacknowledged characters and goes on at 5,000, so acknowledgements may be this lazy. */
const ackEvery = 4000;
/** The server's close code for a terminal that was closed. */
const closedForGood = 4410;
/** Typed while disconnected: kept up to this many characters. */
const keepTyped = 10_000;

export class TerminalStream {
  #id: string;
  #events: StreamEvents;
  #socket: WebSocket | undefined;
  #decoder = new TextDecoder();
  #unacked = 0;
  #attached = false;
  #typed = "";
  #size: { cols: number; rows: number } | undefined;
  #attempts = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #done = false;

  constructor(id: string, events: StreamEvents) {
    this.#id = id;
    this.#events = events;
    this.#connect();
  }

  input(data: string): void {
    if (this.#attached) this.#send({ type: "input", data });
    else if (this.#typed.length + data.length <= keepTyped) this.#typed += data;
  }

  resize(cols: number, rows: number): void {
    if (this.#size?.cols === cols && this.#size.rows === rows) return;
    this.#size = { cols, rows };
    this.#send({ type: "resize", cols, rows });
  }

  close(): void {
    this.#done = true;
    clearTimeout(this.#retry);
    this.#socket?.close();
  }

  #send(message: TerminalUp): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #connect(): void {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws/terminal/${encodeURIComponent(this.#id)}`);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#attempts = 0;
      this.#unacked = 0;
      if (this.#size) this.#send({ type: "resize", ...this.#size });
    });
    socket.addEventListener("message", ({ data }) => {
      if (typeof data === "string") this.#control(JSON.parse(data) as TerminalDown);
      else this.#output(this.#decoder.decode(data as ArrayBuffer, { stream: true }));
    });
    socket.addEventListener("close", ({ code }) => {
      this.#attached = false;
      if (code === closedForGood) this.#done = true;
      if (this.#done) return;
      this.#events.link(false);
      this.#attempts += 1;
      const wait = Math.min(5000, 250 * 2 ** Math.min(this.#attempts - 1, 5));
      this.#retry = setTimeout(() => this.#connect(), wait);
    });
  }

  #control(message: TerminalDown): void {
    if (message.type === "screen") {
      // Output starts anew after it: half a character from before would spoil the next one.
      this.#decoder = new TextDecoder();
      this.#events.screen(message.data, () => {});
      this.#attached = true;
      this.#events.link(true);
      if (this.#typed !== "") this.#send({ type: "input", data: this.#typed });
      this.#typed = "";
    } else {
      this.#done = true;
      this.#events.exit(message.code);
    }
  }

  #output(text: string): void {
    if (text === "") return;
    const socket = this.#socket;
    this.#events.output(text, () => {
      // A reconnect starts the count anew on both sides.
      if (socket !== this.#socket) return;
      this.#unacked += text.length;
      if (this.#unacked < ackEvery) return;
      this.#send({ type: "ack", chars: this.#unacked });
      this.#unacked = 0;
    });
  }
}
