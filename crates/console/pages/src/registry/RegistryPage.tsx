export default function RegistryPage() {
  return <></>;
}
