// What the forms of budgets and schedules have in common: a draft, what is wrong with it, and saving it.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError } from "../api/client";

type Flaws<Field extends string> = Partial<Record<Field, string>>;

interface Plan<Draft, Saved, Field extends string> {
  begin: Draft;
  /** The lists that are read anew once it is saved. */
  queryKey: readonly unknown[];
  flawsOf(draft: Draft): Flaws<Field>;
  /** Sentences of the server, each at the field that it is about. */
  byField(sentences: readonly string[]): Flaws<Field>;
  save(draft: Draft): Promise<Saved>;
  onSaved(saved: Saved): void;
}

export function usePlanForm<Draft, Saved, Field extends string>(plan: Plan<Draft, Saved, Field>) {
  const client = useQueryClient();
  const [draft, setDraft] = useState(plan.begin);
  const [tried, setTried] = useState(false);
  const saving = useMutation({
    mutationFn: plan.save,
    onSuccess: async (saved) => {
      await client.invalidateQueries({ queryKey: plan.queryKey });
      plan.onSaved(saved);
    },
  });
  const { error } = saving;
  const said = error instanceof ApiError && [409, 422].includes(error.status);
  const told = said ? plan.byField(error.errors.length > 0 ? error.errors : [error.sentence]) : {};
  const own = plan.flawsOf(draft);
  const flaws: Flaws<Field> = { ...(tried ? own : {}), ...told };
  const set = (change: Partial<Draft>) => {
    setDraft((was) => ({ ...was, ...change }));
    if (error) saving.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(own).length === 0 && !saving.isPending) saving.mutate(draft);
  };
  /** What stands at no field. */
  const failure = said ? null : error;
  return { draft, flaws, set, submit, failure, isPending: saving.isPending };
}
