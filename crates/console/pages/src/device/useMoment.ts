// The moment of the page, kept in the address once it rests.
import { useEffect, useRef, useState } from "react";
import { useAddress } from "../ui/useAddress";
import { Moment } from "./moment";

const RESTS_AFTER_MS = 300;

export function useMoment(): Moment {
  const [search, change] = useAddress();
  const [moment] = useState(() => new Moment());
  const asked = search.get("at");
  const written = useRef<string | null>(null);
  useEffect(() => {
    // The address changed by a link or by going back, not by the moment itself.
    if (asked === written.current) return;
    written.current = asked;
    const at = Date.parse(asked ?? "");
    moment.choose(Number.isNaN(at) ? null : at);
  }, [asked, moment]);
  useEffect(() => {
    let timer: number | undefined;
    const leave = moment.subscribe(() => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => {
        const at = moment.at === null ? null : new Date(moment.at).toISOString();
        if (at === written.current) return;
        written.current = at;
        change({ at }, true);
      }, RESTS_AFTER_MS);
    });
    return () => {
      window.clearTimeout(timer);
      leave();
    };
  }, [moment, change]);
  return moment;
}
