// The mark: a ring that keeps a line running true.
export function Brand({ size = 22 }: { size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={2}
      strokeLinecap="round"
      aria-hidden="true"
    >
      <circle cx="12" cy="12" r="6" />
      <path d="M1.5 8.5C6 8.5 8 15.5 12 15.5s6-7 10.5-7" />
    </svg>
  );
}
