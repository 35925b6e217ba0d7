// All views: the first ones have a tab and a key each, in this order.

export const VIEWS = [
  { to: "/", text: "nav.fleet", key: "1" },
  { to: "/messages", text: "nav.messages", key: "2" },
  { to: "/problems", text: "nav.problems", key: "3" },
  { to: "/outgoing", text: "nav.outgoing", key: "4" },
  { to: "/system", text: "nav.system", key: "5" },
  { to: "/people", text: "nav.people", key: "6" },
  { to: "/welcome", text: "nav.welcome", key: null },
  { to: "/me", text: "nav.me", key: null },
] as const;
