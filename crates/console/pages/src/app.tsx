// The application: providers, the frame around every view, and which address shows which view.
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";
import { BrowserRouter, Outlet, Route, Routes } from "react-router";
import { ApiError } from "./api/client";
import { Loading, SESSION_KEY, SessionGate } from "./api/session";
import { DevicePage } from "./device/DevicePage";
import { FleetPage } from "./fleet/FleetPage";
import { useLive } from "./live/store";
import { t } from "./text/text";
import { theme, variables } from "./theme";
import { Empty } from "./ui/Empty";
import { Frame } from "./ui/Frame";
import { lookManager } from "./ui/preferences";
import { WaitingList, WaitingPage } from "./ui/Waiting";

const SignInPage = lazy(() => import("./signin/SignInPage"));
const PasswordPage = lazy(() => import("./signin/PasswordPage"));

/** The views that the first load leaves out, and how each looks until it is here. */
const LATER = [
  { path: "/messages", load: () => import("./messages/MessagesPage"), waiting: <WaitingList /> },
  { path: "/problems", load: () => import("./problems/ProblemsPage"), waiting: <WaitingList /> },
  { path: "/outgoing", load: () => import("./outgoing/OutgoingPage"), waiting: <WaitingList /> },
  { path: "/routes", load: () => import("./routes/RoutesPage"), waiting: <WaitingList /> },
  { path: "/endpoints", load: () => import("./routes/EndpointsPage"), waiting: <WaitingList /> },
  { path: "/deliveries", load: () => import("./routes/DeliveriesPage"), waiting: <WaitingList /> },
  { path: "/import", load: () => import("./import/ImportPage"), waiting: <WaitingPage /> },
  { path: "/devices", load: () => import("./registry/RegistryPage"), waiting: <WaitingList /> },
  { path: "/devices/:id/bench", load: () => import("./bench/BenchPage"), waiting: <WaitingPage /> },
  { path: "/firmware", load: () => import("./firmware/FirmwarePage"), waiting: <WaitingList /> },
  { path: "/system", load: () => import("./system/SystemPage"), waiting: <WaitingPage /> },
  { path: "/people", load: () => import("./people/PeoplePage"), waiting: <WaitingList /> },
  { path: "/welcome", load: () => import("./welcome/WelcomePage"), waiting: <WaitingPage /> },
  { path: "/me", load: () => import("./me/MePage"), waiting: <WaitingPage /> },
].map((view) => ({ ...view, View: lazy(view.load) }));

const client: QueryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, error) => count < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 500),
      refetchOnWindowFocus: false,
      staleTime: 10_000,
    },
  },
});
client.getQueryCache().subscribe((event) => {
  const error = event.type === "updated" && event.action.type === "error" ? event.action.error : null;
  const ofSession = event.query.queryKey[0] === SESSION_KEY[0];
  if (error instanceof ApiError && error.status === 401 && !ofSession)
    void client.resetQueries({ queryKey: SESSION_KEY });
});

function Inside() {
  const live = useLive((picture) => picture.line === "live");
  useEffect(() => {
    // A tab then opens at once, even where the network has gone.
    if (live) for (const { load } of LATER) load().catch(() => undefined);
  }, [live]);
  return (
    <SessionGate>
      <Frame>
        <Outlet />
      </Frame>
    </SessionGate>
  );
}

export function App() {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={variables} colorSchemeManager={lookManager}>
      <QueryClientProvider client={client}>
        <BrowserRouter>
          <Routes>
            <Route
              path="/sign-in"
              element={
                <Suspense fallback={<Loading />}>
                  <SignInPage />
                </Suspense>
              }
            />
            <Route
              path="/sign-in/password"
              element={
                <SessionGate>
                  <Suspense fallback={<Loading />}>
                    <PasswordPage />
                  </Suspense>
                </SessionGate>
              }
            />
            <Route element={<Inside />}>
              <Route path="/" element={<FleetPage />} />
              <Route path="/devices/:id" element={<DevicePage />} />
              {LATER.map(({ path, View, waiting }) => (
                <Route
                  key={path}
                  path={path}
                  element={
                    // A boundary of its own: otherwise the view before stays until this one is here.
                    <Suspense key={path} fallback={waiting}>
                      <View />
                    </Suspense>
                  }
                />
              ))}
              <Route path="*" element={<Empty title={t("page.none")}>{t("page.none_help")}</Empty>} />
            </Route>
          </Routes>
        </BrowserRouter>
      </QueryClientProvider>
    </MantineProvider>
  );
}
