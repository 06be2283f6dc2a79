/** Entering from the city's app: `/?font=1.3#ticket=…`. What stands behind the # never reaches a server's log. */
import { ApiError, enterFromApp } from "../shared/api";
import { inTab } from "../shared/storage";

const SMALLEST = 0.8;
const LARGEST = 2;

/** The app's own font size, as a factor; kept for the tab, so that it outlives the way to the provider and back. */
export function applyHostFont(): void {
  const given = new URLSearchParams(window.location.search).get("font");
  if (given !== null) inTab.write("nczf.font", given);
  const factor = Number(given ?? inTab.read("nczf.font") ?? NaN);
  if (!Number.isFinite(factor) || factor <= 0) return;
  const kept = Math.min(LARGEST, Math.max(SMALLEST, factor));
  document.documentElement.style.fontSize = `${Math.round(kept * 100)}%`;
}

/** Exchange the app's ticket, if there is one; returns what went wrong in plain words, or "". */
export async function arrive(): Promise<string> {
  const ticket = new URLSearchParams(window.location.hash.slice(1)).get("ticket");
  if (!ticket) return "";
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  try {
    await enterFromApp(ticket);
    return "";
  } catch (problem) {
    return problem instanceof ApiError ? problem.message : "没有登录成功，可以继续咨询。";
  }
}
