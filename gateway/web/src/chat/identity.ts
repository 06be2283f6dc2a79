/** Who is signed in in this browser, as the server tells it; signing in leaves the page and comes back to it. */
import { onBeforeUnmount, ref } from "vue";
import { ApiError, fetchCitizen, signIn as askToSignIn, signOut as askToSignOut } from "../shared/api";

export function createIdentity(tell: (words: string) => void, afresh: () => Promise<void>) {
  const offered = ref(false);
  const name = ref("");
  let timer = 0;

  async function refresh(): Promise<void> {
    window.clearTimeout(timer);
    try {
      const found = await fetchCitizen();
      offered.value = found.offered;
      name.value = found.signed_in?.name ?? "";
      if (found.signed_in) {
        const left = Math.max(5_000, found.signed_in.until * 1000 - Date.now() + 1_000);
        timer = window.setTimeout(() => void refresh(), Math.min(left, 3_600_000));
      }
    } catch {
      // The chat works without it; the next load of the page asks again.
    }
  }
  const words = (problem: unknown) =>
    problem instanceof ApiError ? problem.message : "没有成功，请稍后再试。";

  /** `task` is what it is for; afterwards the talk goes on with it by itself. */
  async function signIn(task: string): Promise<void> {
    try {
      window.location.assign((await askToSignIn(task)).url);
    } catch (problem) {
      tell(words(problem));
    }
  }
  /** What was shown to who was signed in stays behind as well. */
  async function signOut(): Promise<void> {
    try {
      const { url } = await askToSignOut();
      name.value = "";
      await afresh();
      if (url) window.location.assign(url);
    } catch (problem) {
      tell(words(problem));
    }
  }
  onBeforeUnmount(() => window.clearTimeout(timer));
  return { offered, name, refresh, signIn, signOut };
}
