// After an invitation's link: a password, so that the next way in needs no other link.
import { Navigate, useNavigate, useSearchParams } from "react-router";
import { useSession } from "../api/session";
import { safeNext } from "../domain/signin";
import { PasswordForm } from "../me/PasswordForm";
import { t } from "../text/text";
import { Brand } from "../ui/Brand";
import css from "./signin.module.css";

export default function PasswordPage() {
  const { name, person_id, has_password, needs_old_password } = useSession();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const next = safeNext(search.get("next"));
  const goOn = () => navigate(next, { replace: true });
  if (person_id === null || needs_old_password) return <Navigate to={next} replace />;
  return (
    <main className={css.page}>
      <div className={css.ways}>
        <h1>
          <Brand size={30} /> {t("password.title")}
        </h1>
        <p className="quiet">{t("password.why", { name })}</p>
        <PasswordForm size="md" leave={t("password.later")} onDone={goOn} onLeave={goOn} />
        <p className={css.aside}>{t(has_password ? "password.later_has" : "password.later_how")}</p>
      </div>
    </main>
  );
}
