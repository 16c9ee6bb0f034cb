"""When: pure rules that yield moments. `text.timetable` reads them; `contract.Timetable` says what they answer."""
