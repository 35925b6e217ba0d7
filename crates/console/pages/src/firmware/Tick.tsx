// One thing that is so or not, with what that means.
import css from "./choose.module.css";

interface Props {
  checked: boolean;
  label: string;
  how?: string;
  onChange(checked: boolean): void;
}

export function Tick({ checked, label, how, onChange }: Props) {
  return (
    <label className={css.tick}>
      <input type="checkbox" checked={checked} onChange={(e) => onChange(e.currentTarget.checked)} />
      <span>
        {label} {how && <span className="quiet">{how}</span>}
      </span>
    </label>
  );
}
