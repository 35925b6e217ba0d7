// Counts down the seconds that the server asked for.
import { useEffect, useRef, useState } from "react";

export function useWait(onOver: () => void): [number, (seconds: number) => void] {
  const [until, setUntil] = useState<number | null>(null);
  const [left, setLeft] = useState(0);
  const over = useRef(onOver);
  over.current = onOver;
  useEffect(() => {
    if (until === null) return;
    const count = () => {
      const seconds = Math.ceil((until - performance.now()) / 1000);
      setLeft(Math.max(0, seconds));
      if (seconds > 0) return;
      setUntil(null);
      over.current();
    };
    count();
    const timer = window.setInterval(count, 250);
    return () => window.clearInterval(timer);
  }, [until]);
  const [wait] = useState(() => (seconds: number) => setUntil(performance.now() + seconds * 1000));
  return [left, wait];
}
