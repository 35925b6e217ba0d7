// The map tiles of the installation, where it has some.
import { useSession } from "../api/session";
import type { Tiles } from "../api/types";

export function useTiles(): Tiles | null {
  return useSession().tiles;
}
