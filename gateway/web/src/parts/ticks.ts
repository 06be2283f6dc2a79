/** Which materials of a guide this visitor has ticked off; kept on the device, per guide. */
import { reactive } from "vue";
import { onDevice } from "../shared/storage";

const known = new Map<string, Set<string>>();
const storageKey = (guideId: string) => `nczf.ticks.${guideId}`;

/** The ticked item texts of one guide, shared by every card of that guide on the page. */
export function ticksOf(guideId: string): Set<string> {
  let ticks = known.get(guideId);
  if (!ticks) {
    ticks = reactive(new Set(onDevice.readJson<string[]>(storageKey(guideId), [])));
    known.set(guideId, ticks);
  }
  return ticks;
}

export function toggleTick(guideId: string, text: string): void {
  const ticks = ticksOf(guideId);
  if (!ticks.delete(text)) ticks.add(text);
  onDevice.writeJson(storageKey(guideId), [...ticks]);
}
