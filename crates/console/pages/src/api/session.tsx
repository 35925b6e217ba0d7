// Who is signed in, known to every view; without a session the sign-in page is all there is.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { Navigate, useLocation } from "react-router";
import { startLive } from "../live/store";
import { t } from "../text/text";
import { ErrorNote } from "../ui/ErrorNote";
import * as calls from "./calls";
import { ApiError, setCsrf } from "./client";
import type { Session } from "./types";

interface SignedIn {
  session: Session;
  signOut(): Promise<void>;
}

const SignedInContext = createContext<SignedIn | null>(null);

function useSignedIn(): SignedIn {
  const signedIn = useContext(SignedInContext);
  if (signedIn === null) throw new Error("no session here");
  return signedIn;
}

/** The session; only called where one is. */
export const useSession = (): Session => useSignedIn().session;

export const useSignOut = () => useSignedIn().signOut;

export const SESSION_KEY = ["session"];

export function Loading() {
  return <p className="hidden">{t("loading")}</p>;
}

/** Shows its children to a person who is signed in, and keeps the live line open for them. */
export function SessionGate({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const location = useLocation();
  const { data, error, refetch } = useQuery({
    queryKey: SESSION_KEY,
    queryFn: calls.session,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  setCsrf(data?.csrf ?? null);
  const [leaving, setLeaving] = useState(false);
  const signedIn = data !== undefined && !leaving;
  useEffect(() => {
    if (!signedIn) return;
    return startLive(() => void client.resetQueries({ queryKey: SESSION_KEY }));
  }, [signedIn, client]);

  if (error instanceof ApiError && error.status === 401) {
    const next = location.pathname + location.search;
    return <Navigate to={next === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(next)}`} replace />;
  }
  if (error) {
    return (
      <main style={{ maxWidth: 560, margin: "20vh auto", padding: 16 }}>
        <ErrorNote error={error} retry={() => void refetch()} />
      </main>
    );
  }
  if (!signedIn) return <Loading />;
  const signOut = async () => {
    // Before the server hears of it, so that no view asks for a session that has ended.
    setLeaving(true);
    await calls.signOut().catch(() => undefined);
    await client.resetQueries({ queryKey: SESSION_KEY });
    setLeaving(false);
  };
  return <SignedInContext.Provider value={{ session: data, signOut }}>{children}</SignedInContext.Provider>;
}
