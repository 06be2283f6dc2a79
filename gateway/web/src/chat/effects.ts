/** What an answer does to the page beside being shown, e.g. 长辈版 after “字大一点”. */
import { elderFromDevice, setElder } from "../shared/display";
import type { EventFrame } from "../shared/protocol";
import { onDevice } from "../shared/storage";

const DONE = "nczf.effect";
interface Done {
  conversation: string;
  seq: number;
}

/**
 * Carry out the effects of one new event, once on this device. A second tab, or one that hears of it late,
 * only takes over how the device is set by now: the visitor may have switched back in the meantime.
 */
export function carryOutEffects(event: EventFrame): void {
  if (event.payload.kind !== "bot_said") return;
  const wanted = event.payload.messages.flatMap((message) =>
    message.kind === "text" && message.effect ? [message.effect] : [],
  );
  const last = wanted[wanted.length - 1];
  if (!last) return;
  const done = onDevice.readJson<Done>(DONE, { conversation: "", seq: 0 });
  if (done.conversation === event.conversation_id && done.seq >= event.seq) return elderFromDevice();
  setElder(last === "elder_on");
  // Last, so that another tab which sees this sees the setting, too.
  onDevice.writeJson(DONE, { conversation: event.conversation_id, seq: event.seq } satisfies Done);
}
