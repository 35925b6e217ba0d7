// The map tiles of the installation, where it has some.
import { useSession } from "../api/session";
import type { Tiles } from "../api/soon/device";

export function useTiles(): Tiles | null {
  const session: { tiles?: Tiles | null } = useSession();
  return session.tiles ?? null;
}
