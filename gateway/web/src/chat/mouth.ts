/** Mouth shapes of the portrait: [half width, upper lip, lower lip, corner lift] in drawing units. */
export type Shape = readonly [number, number, number, number];

export const REST: Shape = [13, 3, 7, 3];
const TALKING: readonly Shape[] = [
  [11, 1, 11, 1],
  [8, -2, 9, 0],
  [13, 3, 5, 2],
  [10, 0, 13, 1],
  [6, -3, 7, 0],
  [12, 2, 8, 2],
];

/** The closed outline of one shape, around (120, 176). */
export function outline([w, up, low, lift]: Shape): string {
  const [x, y] = [120, 176];
  return `M${x - w} ${y - lift}Q${x} ${y + up} ${x + w} ${y - lift}Q${x} ${y + low * 2} ${x - w} ${y - lift}z`;
}

/** Move from shape to shape while `active()` holds, then back to rest. Calls `draw` per frame; returns a stopper. */
export function speakWith(draw: (path: string) => void, active: () => boolean): () => void {
  let from: Shape = REST;
  let to: Shape = TALKING[0]!;
  let started = performance.now();
  let step = 0;
  let frame = 0;
  const tick = (now: number) => {
    const share = Math.min(1, (now - started) / 115);
    draw(outline(from.map((value, i) => value + (to[i]! - value) * share) as unknown as Shape));
    if (share >= 1) {
      if (to === REST) return;
      from = to;
      step += 1;
      to = active() ? TALKING[(step * 5) % TALKING.length]! : REST;
      started = now;
    }
    frame = requestAnimationFrame(tick);
  };
  frame = requestAnimationFrame(tick);
  return () => cancelAnimationFrame(frame);
}
