/** The citizen's conversation: what was said, the live state, and everything that goes out. */
import { computed, ref, shallowRef } from "vue";
import { startConversation } from "../shared/api";
import { EventLog } from "../shared/eventlog";
import { newId, TEXT_LIMIT, type ServerFrame } from "../shared/frames";
import { Outbox } from "../shared/outbox";
import type { Act, BookingView, EventFrame, Say, StateFrame } from "../shared/protocol";
import { LiveSocket } from "../shared/socket";
import { toItems } from "../parts/items";
import type { Action } from "../parts/choose";

const TYPING_MS = 700;
const SLOW_TYPING_MS = 1_500;
const QUICK_TYPING_FRAMES = 5;
const TYPING_SHOWN_MS = 5_000;

export function createTalk(onNews: (event: EventFrame) => void) {
  const log = new EventLog();
  const conversationId = ref("");
  const state = shallowRef<StateFrame | null>(null);
  const stateAt = ref(0);
  const problem = ref("");
  /** The emergency notice as the server last told it; null before it has told any. */
  const notice = ref<string | null>(null);
  /** Everything up to here is history: it is shown, but not announced. Below 0 until the first state frame. */
  let historyUpTo = -1;

  const socket = new LiveSocket({
    url: () => `/ws/citizen?after=${log.lastSeq}`,
    prepare: async () => {
      adopt((await startConversation(false)).conversation_id);
      return true;
    },
    receive,
    opened: () => outbox.resend(),
  });
  const outbox = new Outbox<Say | Act>("nczf.outbox", (frame) => socket.send(frame));

  function adopt(id: string): void {
    if (conversationId.value && conversationId.value !== id) {
      log.clear();
      state.value = null;
      historyUpTo = -1;
    }
    conversationId.value = id;
  }

  function receive(frame: ServerFrame): void {
    outbox.settle(frame);
    if (frame.type === "state") {
      state.value = frame;
      stateAt.value = Date.now();
      window.clearTimeout(typingEnds);
      if (frame.agent_typing) typingEnds = window.setTimeout(stopTyping, TYPING_SHOWN_MS);
      if (historyUpTo < 0) historyUpTo = frame.last_seq;
    } else if (frame.type === "event") {
      if (frame.conversation_id === conversationId.value && log.add(frame)) heard(frame);
    } else if (frame.type === "notice") {
      notice.value = frame.text;
    } else if (frame.type === "error" && !frame.ref) {
      problem.value = frame.message;
    }
  }

  let typingEnds = 0;
  let lastTyping = 0;
  let trailing = 0;
  let typingFrames = 0;
  /** Nobody tells us that the officer stopped: it ends with their words, or by itself. */
  function stopTyping(): void {
    if (state.value?.agent_typing) state.value = { ...state.value, agent_typing: false };
  }
  function heard(event: EventFrame): void {
    if (event.payload.kind === "agent_said") stopTyping();
    if (historyUpTo >= 0 && event.seq > historyUpTo) onNews(event);
  }

  function say(text: string): void {
    window.clearTimeout(trailing);
    typingFrames = 0;
    outbox.send({ v: 1, type: "say", id: newId(), text });
  }
  function act(action: Action, args: Record<string, unknown>, label: string): void {
    outbox.send({ v: 1, type: "act", id: newId(), action, args, label });
  }

  /** Told to an officer alone. Quick at first, then slower, so that long typing leaves room for the message itself. */
  function typing(draft: string): void {
    if (state.value?.mode !== "agent") return;
    window.clearTimeout(trailing);
    const pause = typingFrames < QUICK_TYPING_FRAMES ? TYPING_MS : SLOW_TYPING_MS;
    const wait = lastTyping + pause - Date.now();
    if (wait > 0) {
      trailing = window.setTimeout(() => typing(draft), wait);
      return;
    }
    lastTyping = Date.now();
    typingFrames += 1;
    socket.send({ v: 1, type: "typing", draft: draft.slice(0, TEXT_LIMIT) });
  }

  async function startAfresh(): Promise<void> {
    const started = await startConversation(true);
    socket.stop();
    outbox.clear();
    adopt(started.conversation_id);
    socket.start();
  }

  const mode = computed(() => state.value?.mode ?? "bot");
  const waitingForAnswer = computed(
    () => outbox.items.some((item) => item.status === "sending") || Boolean(state.value?.thinking),
  );
  const items = computed(() => toItems(log.events, mode.value === "bot" && !waitingForAnswer.value));
  const rated = computed(() => {
    const levels = new Map<string, number>();
    for (const { payload } of log.events) {
      if (payload.kind !== "bot_said") continue;
      for (const message of payload.messages)
        if (message.kind === "rated") levels.set(message.subject, message.level);
    }
    return levels;
  });
  const latestBookings = computed(() => {
    const views = new Map<string, BookingView>();
    for (const { payload } of log.events) {
      if (payload.kind !== "bot_said") continue;
      for (const message of payload.messages) {
        if (message.kind !== "bookings") continue;
        for (const view of message.bookings) views.set(view.booking_no, view);
      }
    }
    return views;
  });
  const spoken = computed(() => log.events.some((event) => event.payload.kind === "citizen_said"));

  return {
    link: socket.link,
    log,
    state,
    stateAt,
    problem,
    notice,
    mode,
    items,
    rated,
    latestBookings,
    spoken,
    outbox,
    waitingForAnswer,
    say,
    act,
    typing,
    startAfresh,
    start: () => socket.start(),
    stop: () => socket.stop(),
    hurry: socket.hurry,
  };
}
export type Talk = ReturnType<typeof createTalk>;
