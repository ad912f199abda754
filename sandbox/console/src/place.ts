// Who looks, and at what: kept in the address, so that a reload or a link shows the same.
import { useEffect, useState } from "react";

export type Place = { user: string; at: string };

export const HOME = "home";
const FIRST: Place = { user: "U0ALICE", at: "C0ENGINEERING" };

function read(): Place {
  const [user, at] = location.hash.replace(/^#\/?/, "").split("/");
  return { user: user || FIRST.user, at: at || FIRST.at };
}

export function usePlace(): [Place, (change: Partial<Place>) => void] {
  const [place, setPlace] = useState(read);
  useEffect(() => {
    const follow = () => setPlace(read());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  const go = (change: Partial<Place>) => {
    const next = { ...read(), ...change };
    location.hash = `/${next.user}/${next.at}`;
  };
  return [place, go];
}
