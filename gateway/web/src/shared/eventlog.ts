/** The events of one conversation, in order of seq, without duplicates. */
import { shallowReactive } from "vue";
import type { EventFrame } from "./protocol";

export class EventLog {
  readonly events: EventFrame[] = shallowReactive([]);

  get lastSeq(): number {
    return this.events.length ? this.events[this.events.length - 1]!.seq : 0;
  }

  /** Add one event; false when it was here already. */
  add(event: EventFrame): boolean {
    let at = this.events.length;
    while (at > 0 && this.events[at - 1]!.seq > event.seq) at -= 1;
    if (at > 0 && this.events[at - 1]!.seq === event.seq) return false;
    this.events.splice(at, 0, event);
    return true;
  }

  clear(): void {
    this.events.splice(0);
  }
}
