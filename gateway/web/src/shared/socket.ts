/**
 * One WebSocket that stays up: backoff with jitter, heartbeat, `bye`, and a link status for the banner.
 * What the frames mean is the page's business.
 */
import { shallowReactive } from "vue";
import { ApiError } from "./api";
import type { ServerFrame } from "./frames";

export interface Link {
  online: boolean;
  /** True once the page has been offline long enough to say so. */
  late: boolean;
  /** The server announced a restart. */
  announced: boolean;
  /** Why the server does not let us in, in its own words; empty while it is only out of reach. */
  refusal: string;
  /** Milliseconds since the epoch of the next attempt; 0 while one is running. */
  nextAt: number;
}
export interface SocketOptions {
  /** Path and query, asked again for every attempt, so that `after` is fresh. */
  url: () => string;
  /** Runs before the first attempt and after a failed one. Resolves false to give up (e.g. logged out). */
  prepare: () => Promise<boolean>;
  receive: (frame: ServerFrame) => void;
  opened: () => void;
}
const PING_MS = 20_000;
const PONG_WAIT_MS = 10_000;
const BANNER_MS = 3_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
/** gateway/sockets.py: the cookie is missing, wrong or expired. */
const CLOSE_SIGN_IN = 4401;
/** gateway/sockets.py: as many citizens as it takes are there. */
const CLOSE_BUSY = 4429;

export class LiveSocket {
  readonly link: Link = shallowReactive({ online: false, late: false, announced: false, refusal: "", nextAt: 0 });
  private socket: WebSocket | null = null;
  private attempts = 0;
  private needsPrepare = true;
  private stopped = true;
  private retryTimer = 0;
  private bannerTimer = 0;
  private pingTimer = 0;
  private pongTimer = 0;

  constructor(private readonly options: SocketOptions) {}

  start(): void {
    this.stopped = false;
    window.addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.hurry);
    this.waitForBanner();
    void this.connect();
  }

  stop(): void {
    this.stopped = true;
    window.removeEventListener("online", this.hurry);
    document.removeEventListener("visibilitychange", this.hurry);
    window.clearTimeout(this.retryTimer);
    window.clearTimeout(this.bannerTimer);
    this.drop();
    this.link.online = false;
    this.link.late = false;
  }

  /** Send one frame; false when the socket is not open. */
  send(frame: unknown): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Try again now, e.g. from the banner's button. */
  hurry = (): void => {
    if (this.stopped || this.link.online || !this.link.nextAt || document.hidden) return;
    window.clearTimeout(this.retryTimer);
    void this.connect();
  };

  private async connect(): Promise<void> {
    this.link.nextAt = 0;
    if (this.needsPrepare) {
      try {
        if (!(await this.options.prepare())) return this.stop();
        this.needsPrepare = false;
      } catch (problem) {
        this.link.refusal = problem instanceof ApiError && problem.status === 503 ? problem.message : "";
        return this.retryLater();
      }
    }
    if (this.stopped) return;
    this.drop();
    const origin = location.origin.replace(/^http/, "ws");
    const socket = new WebSocket(origin + this.options.url());
    this.socket = socket;
    socket.onmessage = (event) => this.onMessage(String(event.data));
    socket.onclose = (event) => {
      if (this.socket === socket) this.onClose(event.code);
    };
  }

  /** The first frame shows that the server has let us in; an open socket alone does not. */
  private onWelcome(): void {
    window.clearTimeout(this.bannerTimer);
    Object.assign(this.link, { online: true, late: false, announced: false, refusal: "", nextAt: 0 });
    this.pingTimer = window.setInterval(() => this.ping(), PING_MS);
    this.options.opened();
  }

  private onMessage(data: string): void {
    const frame = JSON.parse(data) as ServerFrame;
    this.attempts = 0;
    if (!this.link.online) this.onWelcome();
    if (frame.type === "pong") window.clearTimeout(this.pongTimer);
    else if (frame.type === "bye") this.onBye(frame.retry_in_s);
    else this.options.receive(frame);
  }

  private onBye(seconds: number): void {
    this.link.announced = true;
    this.drop();
    this.retryLater(seconds * 1000);
  }

  private onClose(code: number): void {
    if (!this.link.online || code === CLOSE_SIGN_IN) this.needsPrepare = true;
    this.link.refusal = code === CLOSE_BUSY ? "现在咨询的人很多，请稍等。着急的事请拨打 12345。" : "";
    this.drop();
    if (!this.stopped) this.retryLater();
  }

  private ping(): void {
    this.send({ v: 1, type: "ping" });
    window.clearTimeout(this.pongTimer);
    this.pongTimer = window.setTimeout(() => {
      this.drop();
      this.retryLater();
    }, PONG_WAIT_MS);
  }

  private retryLater(wait?: number): void {
    if (this.link.online || !this.bannerTimer) this.waitForBanner();
    this.link.online = false;
    const backoff = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.attempts);
    const delay = (wait ?? backoff) * (1 + Math.random() * 0.3);
    this.attempts += 1;
    this.link.nextAt = Date.now() + delay;
    this.retryTimer = window.setTimeout(() => void this.connect(), delay);
  }

  private waitForBanner(): void {
    window.clearTimeout(this.bannerTimer);
    this.bannerTimer = window.setTimeout(() => (this.link.late = true), BANNER_MS);
  }

  private drop(): void {
    window.clearInterval(this.pingTimer);
    window.clearTimeout(this.pongTimer);
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
