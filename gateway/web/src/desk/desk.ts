/** The officer's side: the queue, the talks that are open on this page, and everything that goes out. */
import { computed, reactive, ref, shallowReactive, shallowRef } from "vue";
import { ApiError, fetchMe } from "../shared/api";
import { EventLog } from "../shared/eventlog";
import { newId, type ServerFrame } from "../shared/frames";
import { Outbox } from "../shared/outbox";
import type {
  AssistFrame,
  DeskClose,
  DeskNote,
  DeskSay,
  EventFrame,
  QueueFrame,
  GuideWarning,
  StateFrame,
  TranscriptFrame,
} from "../shared/protocol";
import { LiveSocket } from "../shared/socket";

export interface OpenTalk {
  id: string;
  log: EventLog;
  state: StateFrame;
  facts: Record<string, string>;
  /** The guide that the citizen's words led to. */
  assist: AssistFrame | null;
  /** What in the draft contradicts the guide. */
  warnings: GuideWarning[];
}
type Verb = "accept" | "open" | "close" | "dismiss" | "transfer";
export type CloseReason = DeskClose["reason"];
const TYPING_MS = 2_000;
const CHECK_MS = 500;
const TYPING_SHOWN_MS = 5_000;

export function createDesk(onExpired: () => void, onNews: (event: EventFrame) => void) {
  const nobody = { waiting: [], active: [], closed: [], colleagues: [] };
  const queue = shallowRef<QueueFrame>({ v: 1, type: "queue", ...nobody });
  const queueAt = ref(0);
  const talks = shallowReactive(new Map<string, OpenTalk>());
  const currentId = ref("");
  const problem = ref("");
  /** Commands on their way, by frame id: what a refusal belongs to. */
  const commands = reactive(new Map<string, { verb: Verb; id: string }>());

  const socket = new LiveSocket({
    url: () => "/ws/desk",
    prepare: async () => {
      try {
        await fetchMe();
        return true;
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 401) throw error;
        onExpired();
        return false;
      }
    },
    receive,
    opened: () => {
      commands.clear();
      // The others may have moved on meanwhile: they are read afresh when opened.
      for (const id of [...talks.keys()]) if (id !== currentId.value) talks.delete(id);
      if (currentId.value) open(currentId.value);
      outbox.resend();
    },
  });
  const outbox = new Outbox<DeskSay | DeskNote>("nczf.desk.outbox", (frame) => socket.send(frame));

  function command<T extends { type: Verb; conversation_id: string }>(frame: T): void {
    const id = newId();
    commands.set(id, { verb: frame.type, id: frame.conversation_id });
    if (socket.send({ v: 1, id, ...frame })) return;
    commands.delete(id);
    problem.value = "网络断开，这一步没有送出，请恢复后再试。";
  }

  function receive(frame: ServerFrame): void {
    outbox.settle(frame);
    if ("ref" in frame && frame.ref && frame.type !== "error") commands.delete(frame.ref);
    switch (frame.type) {
      case "queue":
        queue.value = frame;
        queueAt.value = Date.now();
        break;
      case "transcript":
        show(frame);
        break;
      case "state": {
        const talk = talks.get(frame.conversation_id);
        if (talk) setState(talk, frame);
        break;
      }
      case "assist": {
        const talk = talks.get(frame.conversation_id);
        if (talk) talk.assist = frame;
        break;
      }
      case "warnings": {
        const talk = talks.get(frame.conversation_id);
        if (talk && frame.ref === lastCheck) talk.warnings = frame.warnings;
        break;
      }
      case "event": {
        const talk = talks.get(frame.conversation_id);
        if (talk && !talk.log.add(frame)) break;
        if (talk && frame.payload.kind === "citizen_said")
          setState(talk, { ...talk.state, citizen_typing: false });
        onNews(frame);
        break;
      }
      case "error":
        if (!frame.ref || commands.has(frame.ref)) problem.value = frame.message;
        if (frame.ref) commands.delete(frame.ref);
    }
  }

  function show(frame: TranscriptFrame): void {
    let talk = talks.get(frame.conversation_id);
    if (!talk) {
      talk = shallowReactive({
        id: frame.conversation_id,
        log: new EventLog(),
        state: frame.state,
        facts: frame.facts,
        assist: null,
        warnings: [],
      });
      talks.set(talk.id, talk);
    }
    for (const event of frame.events) talk.log.add(event);
    talk.state = frame.state;
    talk.facts = frame.facts;
  }

  let typingEnds = 0;
  /** Nobody tells us that the citizen stopped typing: it ends with their words, or by itself. */
  function setState(talk: OpenTalk, state: StateFrame): void {
    talk.state = state;
    if (!state.citizen_typing) return;
    window.clearTimeout(typingEnds);
    typingEnds = window.setTimeout(
      () => setState(talk, { ...talk.state, citizen_typing: false }),
      TYPING_SHOWN_MS,
    );
  }

  function open(id: string): void {
    currentId.value = id;
    command({ type: "open", conversation_id: id, after: talks.get(id)?.log.lastSeq ?? 0 });
  }
  function accept(id: string): void {
    currentId.value = id;
    command({ type: "accept", conversation_id: id });
  }
  const close = (id: string, reason: CloseReason) => command({ type: "close", conversation_id: id, reason });
  const dismiss = (id: string, suggestionId: string) =>
    command({ type: "dismiss", conversation_id: id, suggestion_id: suggestionId, reason: "" });

  function say(id: string, text: string, suggestionId: string | null, edited: boolean): void {
    const frame = { conversation_id: id, text, suggestion_id: suggestionId, edited };
    outbox.send({ v: 1, type: "say", id: newId(), ...frame });
  }
  const note = (id: string, text: string) =>
    outbox.send({ v: 1, type: "note", id: newId(), conversation_id: id, text });
  const transfer = (id: string, to: string) =>
    command({ type: "transfer", conversation_id: id, to, note: "" });

  let lastCheck = "";
  let checkTimer = 0;
  /** Hold the draft against the guide, once the officer pauses. */
  function check(id: string, text: string): void {
    window.clearTimeout(checkTimer);
    const talk = talks.get(id);
    if (!talk) return;
    if (!text.trim()) talk.warnings = [];
    lastCheck = newId();
    const frame = { v: 1, type: "check", id: lastCheck, conversation_id: id, text, guide_id: "" };
    if (text.trim()) checkTimer = window.setTimeout(() => socket.send(frame), CHECK_MS);
  }
  let lastTyping = 0;
  function typing(id: string): void {
    if (Date.now() - lastTyping < TYPING_MS) return;
    lastTyping = Date.now();
    socket.send({ v: 1, type: "typing", conversation_id: id });
  }

  const current = computed(() => talks.get(currentId.value) ?? null);
  const busy = (verb: string) => [...commands.values()].some((one) => one.verb === verb);
  return {
    link: socket.link,
    hurry: socket.hurry,
    start: () => socket.start(),
    stop: () => socket.stop(),
    queue,
    queueAt,
    current,
    currentId,
    problem,
    outbox,
    busy,
    open,
    accept,
    close,
    dismiss,
    say,
    note,
    transfer,
    check,
    typing,
  };
}
export type Desk = ReturnType<typeof createDesk>;
