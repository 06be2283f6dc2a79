/**
 * Frames that the server has not acknowledged yet. They survive a reload (sessionStorage) and are sent again
 * with the same id after a reconnect; the server drops what it already has.
 */
import { reactive } from "vue";
import type { ErrorFrame } from "./protocol";
import type { ServerFrame } from "./frames";
import { inTab } from "./storage";

export interface Pending<F> {
  frame: F;
  /** `failed`: the server refused it or stayed silent; only 重试 or a reconnect sends it again. */
  status: "sending" | "failed";
  problem: string;
  refused: boolean;
}
const ACK_WAIT_MS = 15_000;

export class Outbox<F extends { id: string }> {
  readonly items: Pending<F>[];
  private timers = new Map<string, number>();

  constructor(
    private readonly storageKey: string,
    private readonly transmit: (frame: F) => boolean,
  ) {
    this.items = reactive(inTab.readJson(storageKey, [])) as Pending<F>[];
  }

  send(frame: F): void {
    this.items.push({ frame, status: "sending", problem: "", refused: false });
    this.save();
    this.attempt(frame);
  }

  retry(id: string): void {
    const item = this.items.find((entry) => entry.frame.id === id);
    if (!item) return;
    Object.assign(item, { status: "sending", problem: "", refused: false });
    this.save();
    this.attempt(item.frame);
  }

  /** Take a frame out without sending it, e.g. to edit its text; gives the frame back. */
  remove(id: string): F | undefined {
    const at = this.items.findIndex((entry) => entry.frame.id === id);
    if (at < 0) return undefined;
    window.clearTimeout(this.timers.get(id));
    this.timers.delete(id);
    const [item] = this.items.splice(at, 1);
    this.save();
    return item!.frame as F;
  }

  /** The connection is back: everything that was not refused goes out again, in order. */
  resend(): void {
    for (const item of this.items) {
      if (!item.refused) this.retry(item.frame.id);
    }
  }

  /** Look at an incoming frame for an acknowledgement or a refusal. */
  settle(frame: ServerFrame): void {
    if (frame.type === "error") this.refuse(frame);
    else if ("ref" in frame && frame.ref) this.remove(frame.ref);
  }

  clear(): void {
    for (const item of [...this.items]) this.remove(item.frame.id);
  }

  private refuse(error: ErrorFrame): void {
    const item = this.items.find((entry) => entry.frame.id === error.ref);
    if (!item) return;
    Object.assign(item, { status: "failed", problem: error.message, refused: true });
    window.clearTimeout(this.timers.get(item.frame.id));
    this.save();
  }

  private attempt(frame: F): void {
    window.clearTimeout(this.timers.get(frame.id));
    if (!this.transmit(frame)) return;
    const timer = window.setTimeout(() => {
      const item = this.items.find((entry) => entry.frame.id === frame.id);
      if (item) Object.assign(item, { status: "failed", problem: "没有送达，请重试。" });
    }, ACK_WAIT_MS);
    this.timers.set(frame.id, timer);
  }

  private save(): void {
    inTab.writeJson(this.storageKey, this.items);
  }
}
