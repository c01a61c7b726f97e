import type { WebSocket } from "ws";
import type { Down } from "../protocol.ts";

/** Bytes that may wait in a socket before newer states replace older ones instead of queueing behind them. */
const most = 256 * 1024;

const keyOf = (message: Down): string => {
  if (message.type === "report") return `report ${message.report.lab}`;
  return "lab" in message ? `${message.type} ${message.lab}` : message.type;
};

/**
 * States to one page. Each message is a whole state, so a slow page is sent only the latest of each kind, and what waits for it
 * is bounded.
 */
export class Channel {
  #socket: WebSocket;
  #waiting = new Map<string, Down>();
  #sending = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  send(message: Down): void {
    const key = keyOf(message);
    // Taken out first, so that the order is that of the latest of each.
    this.#waiting.delete(key);
    this.#waiting.set(key, message);
    this.#flush();
  }

  #flush(): void {
    for (const [key, message] of this.#waiting) {
      if (this.#socket.readyState !== this.#socket.OPEN) {
        this.#waiting.clear();
        return;
      }
      if (this.#sending > 0 && this.#socket.bufferedAmount > most) return;
      this.#waiting.delete(key);
      this.#sending += 1;
      this.#socket.send(JSON.stringify(message), () => {
        this.#sending -= 1;
        if (this.#waiting.size > 0) this.#flush();
      });
    }
  }
}
