// After an invitation's link: a password, so that the next way in needs no other link.
import { useNavigate, useSearchParams } from "react-router";
import { useSession } from "../api/session";
import { safeNext } from "../domain/signin";
import { PasswordForm } from "../me/PasswordForm";
import { t } from "../text/text";
import { Brand } from "../ui/Brand";
import css from "./signin.module.css";

export function PasswordPage() {
  const { name } = useSession();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const goOn = () => navigate(safeNext(search.get("next")), { replace: true });
  return (
    <main className={css.page}>
      <div className={css.ways}>
        <h1>
          <Brand size={30} /> {t("password.title")}
        </h1>
        <p className="quiet">{t("password.why", { name })}</p>
        <PasswordForm size="md" leave={t("password.later")} onDone={goOn} onLeave={goOn} />
        <p className={css.aside}>{t("password.later_how")}</p>
      </div>
    </main>
  );
}
