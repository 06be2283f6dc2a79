/** What the officer has begun to write, per conversation; kept over reloads of this tab. */
import { reactive, watch } from "vue";
import { inTab } from "../shared/storage";

export interface Draft {
  text: string;
  /** The suggestion the text began as, with its words as offered. */
  suggestionId: string | null;
  offered: string;
  /** For colleagues alone, not for the citizen. */
  note?: boolean;
}
const key = "nczf.desk.drafts";

const drafts = reactive(inTab.readJson<Record<string, Draft>>(key, {}));
watch(drafts, (all) => inTab.writeJson(key, all), { deep: true });

export function draftOf(conversationId: string): Draft {
  drafts[conversationId] ??= { text: "", suggestionId: null, offered: "" };
  return drafts[conversationId]!;
}
