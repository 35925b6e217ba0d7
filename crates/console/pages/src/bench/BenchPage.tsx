export default function BenchPage() {
  return <></>;
}
