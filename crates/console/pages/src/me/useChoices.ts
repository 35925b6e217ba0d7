// A person's choices: shown at once in this browser, and kept on the server where the session is a person's.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLayoutEffect } from "react";
import { keepPreferences } from "../api/calls";
import { SESSION_KEY, useSession } from "../api/session";
import type { Session } from "../api/types";
import { type Preferences, preferences, setPreferences, usePreferences } from "../ui/preferences";

interface Choices {
  chosen: Preferences;
  choose(change: Partial<Preferences>): void;
  error: unknown;
}

export function useChoices(): Choices {
  const session = useSession();
  const client = useQueryClient();
  const chosen = usePreferences();
  // One after another, so that the last choice is the one that is kept.
  const keeping = useMutation({ mutationFn: keepPreferences, scope: { id: "preferences" } });
  const choose = (change: Partial<Preferences>) => {
    setPreferences(change);
    if (session.person_id === null) return;
    const next = preferences();
    client.setQueryData<Session>(SESSION_KEY, (known) => known && { ...known, preferences: next });
    keeping.mutate(next);
  };
  return { chosen, choose, error: keeping.error };
}

/** Takes over what the person chose in another browser. */
export function useKeptChoices() {
  const { preferences: kept } = useSession();
  useLayoutEffect(() => {
    if (kept) setPreferences(kept);
  }, [kept]);
}
