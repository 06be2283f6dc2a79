/** REST calls of both pages. Every failure becomes an ApiError with a sentence that can be shown. */
import type { GuideCard, GuideOption, QuickReply } from "./protocol";

export interface Home {
  tiles: QuickReply[];
  hot: QuickReply[];
  notice: string;
}
export interface Conversation {
  conversation_id: string;
  last_seq: number;
}
export interface Officer {
  username: string;
  name: string;
  role: string;
  /** What has to be done before anything else: "password" (change it), "totp" (enrol one-time codes). */
  must: string[];
}
export interface StaffSession {
  id: string;
  address: string;
  browser: string;
  /** Seconds since the epoch. */
  seen_at: number;
  here: boolean;
}

export class ApiError extends Error {
  /** @param status HTTP status; 0 when the server was not reached. */
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

async function call<T>(path: string, body?: unknown): Promise<T> {
  const options: RequestInit = { credentials: "same-origin", headers: { Accept: "application/json" } };
  if (body !== undefined) {
    options.method = "POST";
    options.body = JSON.stringify(body);
    options.headers = { ...options.headers, "Content-Type": "application/json" };
  }
  let response: Response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new ApiError(0, "unreachable", "连接不上服务器，请检查网络后再试。");
  }
  const data = await response.json().catch(() => null);
  if (!response.ok) {
    const problem = data?.error;
    throw new ApiError(
      response.status,
      problem?.code ?? "unknown",
      problem?.message ?? `服务暂时出了问题（${response.status}），请稍后再试。`,
    );
  }
  return data as T;
}

export const startConversation = (fresh: boolean) => call<Conversation>("/api/conversations", { fresh });
export interface Citizen {
  offered: boolean;
  /** `until`: UTC seconds. */
  signed_in: { name: string; until: number } | null;
}
export const fetchCitizen = () => call<Citizen>("/api/citizen/me");
export const signIn = (task: string) => call<{ url: string }>("/api/citizen/sign-in", { task });
export const signOut = () => call<{ url: string }>("/api/citizen/sign-out", {});
export const enterFromApp = (ticket: string) => call<Conversation>("/api/app/session", { ticket });
export const makeCode = () => call<{ code: string; minutes: number }>("/api/conversations/code", {});
export const joinByCode = (code: string) => call<Conversation>("/api/conversations/join", { code });
export const endOtherDevices = () => call<{ ended: number }>("/api/conversations/revoke", {});
export const goOnWithMine = () => call<Conversation>("/api/conversations/mine", {});
export const fetchHome = () => call<Home>("/api/home");
export const signInWays = () => call<{ password: boolean; oidc: boolean }>("/api/desk/sign-in");
export const login = (username: string, password: string, code: string) =>
  call<Officer>("/api/desk/login", { username, password, code });
/** `provider`: where to sign out of the identity provider too. */
export const logout = () => call<{ provider: string | null }>("/api/desk/logout", {});
export const changePassword = (old: string, fresh: string) =>
  call<Officer>("/api/desk/password", { old, new: fresh });
export const beginCodes = (password: string) =>
  call<{ secret: string; qr: string }>("/api/desk/totp/begin", { password });
export const confirmCodes = (code: string) =>
  call<Officer & { recovery: string[] }>("/api/desk/totp/confirm", { code });
export const fetchSessions = () => call<{ sessions: StaffSession[] }>("/api/desk/sessions");
export const endSession = (id: string) => call<{ ended: number }>("/api/desk/sessions/revoke", { id });
export const fetchMe = () => call<Officer>("/api/desk/me");
export interface Canned {
  key: string;
  text: string;
}
export const fetchCanned = () => call<{ phrases: Canned[] }>("/api/desk/phrases");
export const searchGuides = (words: string) =>
  call<{ guides: GuideOption[] }>(`/api/desk/guides?q=${encodeURIComponent(words)}`);
export const fetchGuide = (id: string) => call<GuideCard>(`/api/desk/guides/${encodeURIComponent(id)}`);
