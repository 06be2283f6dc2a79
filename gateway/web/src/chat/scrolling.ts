/**
 * Where the message list stands after something new. People read an answer from its first line, so a tall answer is
 * shown from its top. Whoever has scrolled away by hand is left alone and gets a button instead.
 */
import { nextTick, onBeforeUnmount, onMounted, ref, type Ref } from "vue";

const NEAR_PX = 120;
const SCROLL_KEYS = ["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End", " "];

export function useScrolling(list: Ref<HTMLElement | null>) {
  /** More than a screen of text lies below. */
  const away = ref(false);
  const news = ref(false);
  let following = true;
  let target = -1;

  const distance = (box: HTMLElement) => box.scrollHeight - box.clientHeight - box.scrollTop;
  const behavior = (): ScrollBehavior =>
    window.matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";

  function onScroll(): void {
    const box = list.value;
    if (!box) return;
    away.value = distance(box) > box.clientHeight;
    if (distance(box) > NEAR_PX) return;
    following = true;
    news.value = false;
  }
  function byHand(event: Event): void {
    const own = event.target === list.value;
    if (
      event instanceof KeyboardEvent
        ? own && SCROLL_KEYS.includes(event.key)
        : event.type !== "pointerdown" || own
    ) {
      following = false;
    }
  }
  function place(smooth: boolean): void {
    const box = list.value;
    if (!box) return;
    const first = target > 0 ? box.querySelector<HTMLElement>(`[data-seq="${target}"]`) : null;
    const end = box.scrollHeight - box.clientHeight;
    const top = first
      ? first.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop - 12
      : end;
    box.scrollTo({ top: Math.min(top, end), behavior: smooth ? behavior() : "auto" });
    onScroll();
  }
  function toBottom(): void {
    target = -1;
    following = true;
    news.value = false;
    place(true);
  }
  /** Show the line with this seq (or the end, below 1), unless the reader is elsewhere and it is not `own`. */
  async function reveal(seq: number, own: boolean, smooth: boolean): Promise<void> {
    if (own) following = true;
    if (!following) {
      news.value = true;
      return;
    }
    target = seq;
    await nextTick();
    place(smooth);
  }

  const observer = new ResizeObserver(() => following && place(false));
  onMounted(() => {
    const box = list.value!;
    observer.observe(box);
    for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) {
      box.addEventListener(kind, byHand, { passive: true });
    }
  });
  onBeforeUnmount(() => observer.disconnect());
  return { away, news, onScroll, toBottom, reveal };
}
