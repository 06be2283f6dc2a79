/** Which materials of a guide this visitor has ticked off; kept on the device, per guide. */
import { reactive } from "vue";

const known = new Map<string, Set<string>>();
const storageKey = (guideId: string) => `nczf.ticks.${guideId}`;

/** The ticked item texts of one guide, shared by every card of that guide on the page. */
export function ticksOf(guideId: string): Set<string> {
  let ticks = known.get(guideId);
  if (!ticks) {
    let stored: string[] = [];
    try {
      stored = JSON.parse(localStorage.getItem(storageKey(guideId)) ?? "[]") as string[];
    } catch {
      // Unreadable or forbidden storage: start with nothing ticked.
    }
    ticks = reactive(new Set(stored));
    known.set(guideId, ticks);
  }
  return ticks;
}

export function toggleTick(guideId: string, text: string): void {
  const ticks = ticksOf(guideId);
  if (!ticks.delete(text)) ticks.add(text);
  try {
    localStorage.setItem(storageKey(guideId), JSON.stringify([...ticks]));
  } catch {
    // Kept for this visit only.
  }
}
