/** From stored events to lines of the message list: one line per bot message, one per other event. */
import type { BotMessage, EventPayload } from "../shared/frames";
import type { EventFrame } from "../shared/protocol";

export interface Item {
  key: string;
  seq: number;
  at: string;
  kind: string;
  payload: EventPayload;
  /** Set for bot lines. */
  message: BotMessage | null;
  /** First line after a change of speaker: shows who speaks and when. */
  opens: boolean;
  /** Whether its quick replies still count. */
  active: boolean;
}

const speaker = (payload: EventPayload) => payload.kind.split("_")[0];
const CITIZEN_KINDS = [
  "citizen_said",
  "bot_said",
  "agent_said",
  "handoff_requested",
  "handoff_accepted",
  "handoff_ended",
  "identity_changed",
];

/** The bot line whose buttons count: the newest one, as long as nobody has spoken after it. */
function activeSeq(events: readonly EventFrame[]): number {
  for (let i = events.length - 1; i >= 0; i -= 1) {
    const { kind } = events[i]!.payload;
    if (kind === "bot_said") return events[i]!.seq;
    if (kind === "citizen_said" || kind === "agent_said") return 0;
  }
  return 0;
}

/** `also`: kinds beside those that a citizen sees. */
export function toItems(events: readonly EventFrame[], answering: boolean, also: string[] = []): Item[] {
  const kinds = [...CITIZEN_KINDS, ...also];
  const shown = events.filter((event) => kinds.includes(event.payload.kind));
  const live = answering ? activeSeq(shown) : 0;
  const items: Item[] = [];
  let last = "";
  for (const { seq, at, payload } of shown) {
    const who = speaker(payload) ?? "";
    const messages = payload.kind === "bot_said" ? payload.messages : [null];
    messages.forEach((message, n) => {
      items.push({
        key: `${seq}-${n}`,
        seq,
        at,
        kind: message?.kind ?? payload.kind,
        payload,
        message,
        opens: who !== last && n === 0,
        active: seq === live,
      });
    });
    last = who;
  }
  return items;
}
