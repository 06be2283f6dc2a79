/** Suggestions of one talk, read from its events: the newest offer, without what was used or dismissed. */
import type { EventFrame, Suggestion } from "../shared/protocol";

export interface Advice {
  suggestions: Suggestion[];
  /** The citizen has said more since: not to be relied on. */
  stale: boolean;
  draft: boolean;
}

export function adviceOf(events: readonly EventFrame[]): Advice {
  let lastSaid = 0;
  let offer = null;
  const done = new Set<string>();
  for (const { seq, payload } of events) {
    if (payload.kind === "citizen_said") lastSaid = seq;
    else if (payload.kind === "suggestion_offered") offer = payload;
    else if (payload.kind === "suggestion_used") done.add(payload.suggestion_id);
  }
  if (!offer) return { suggestions: [], stale: false, draft: false };
  return {
    suggestions: offer.suggestions.filter((one) => !done.has(one.suggestion_id)),
    stale: offer.for_seq < lastSaid,
    draft: offer.draft,
  };
}
