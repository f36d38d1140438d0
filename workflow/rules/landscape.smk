WEIGHTS = "<results>/train/{net}/weights.safetensors"
DATA = "<results>/data/provenance.json"


rule directions:
    input:
        weights=WEIGHTS,
    output:
        "<results>/landscape/{net}/directions/{directions}.safetensors",
    log:
        "<logs>/directions/{net}_{directions}.log",
    conda:
        CONDA
    resources:
        mem_mb=memory(2000),
        runtime=minutes(15),
    params:
        seeds=lookup("{directions}", within=DIRECTION_SEEDS),
        reach=config["landscape"]["range"],
        seed=config["seed"],
        code=digest("optprimer.landscape.commands:directions"),
    message:
        "Random directions of {wildcards.net}: {wildcards.directions}"
    shell:
        "optprimer directions --weights {input.weights:q} --normalisation {wildcards.directions}"
        " --direction-seeds {params.seeds} --range {params.reach} --seed {params.seed} --output {output:q} > {log:q} 2>&1"


rule trajectory:
    input:
        weights=WEIGHTS,
        checkpoints="<results>/train/{net}/trajectory.safetensors",
        data=DATA,
    output:
        table="<results>/landscape/{net}/trajectory.csv",
        plane="<results>/landscape/{net}/directions/pca.safetensors",
    log:
        "<logs>/trajectory/{net}.log",
    benchmark:
        "<benchmarks>/trajectory/{net}.tsv"
    conda:
        CONDA
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(4000),
        runtime=minutes(60),
    params:
        data=subpath(input.data, parent=True),
        sample=SAMPLE_FLAGS,
        machine=MACHINE_FLAGS,
        code=digest("optprimer.landscape.commands:trajectory"),
    message:
        "Path of {wildcards.net} on its principal plane"
    shell:
        "optprimer trajectory --weights {input.weights:q} --checkpoints {input.checkpoints:q} --data {params.data:q}"
        " --net {wildcards.net} {params.sample} {params.machine} --threads {threads}"
        " --planes {output.plane:q} --output {output.table:q} > {log:q} 2>&1"


rule surface_rows:
    input:
        weights=WEIGHTS,
        data=DATA,
        planes=surface_planes,
    output:
        "<results>/landscape/{net}/rows/{surface}/{first}-{last}.csv",
    log:
        "<logs>/surface/{net}_{surface}_{first}-{last}.log",
    benchmark:
        "<benchmarks>/surface_rows/{net}_{surface}_{first}-{last}.tsv"
    conda:
        CONDA
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(3000),
        runtime=minutes(60),
    params:
        data=subpath(input.data, parent=True),
        state=f"{STATE}/surface/{{net}}_{{surface}}_{{first}}-{{last}}.jsonl",
        seeds=lookup("{surface}/seeds", within=SURFACES),
        points=lookup("{surface}/points", within=SURFACES),
        sample=SAMPLE_FLAGS,
        machine=MACHINE_FLAGS,
        code=digest("optprimer.landscape.commands:surface"),
    message:
        "Loss surface {wildcards.surface} of {wildcards.net}: rows {wildcards.first} to {wildcards.last}"
    shell:
        "optprimer surface --weights {input.weights:q} --data {params.data:q} --planes {input.planes:q}"
        " --net {wildcards.net} --name {wildcards.surface} --direction-seeds {params.seeds} --points {params.points}"
        " --rows {wildcards.first} {wildcards.last} {params.sample} {params.machine} --threads {threads}"
        " --state {params.state:q} --output {output:q} > {log:q} 2>&1"


rule line_rows:
    input:
        weights=WEIGHTS,
        data=DATA,
        planes="<results>/landscape/{net}/directions/filter.safetensors",
    output:
        "<results>/landscape/{net}/rows/line/{first}-{last}.csv",
    log:
        "<logs>/line/{net}_{first}-{last}.log",
    benchmark:
        "<benchmarks>/line_rows/{net}_{first}-{last}.tsv"
    conda:
        CONDA
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(3000),
        runtime=minutes(60),
    params:
        data=subpath(input.data, parent=True),
        state=f"{STATE}/line/{{net}}_{{first}}-{{last}}.jsonl",
        seeds=JOBS.line.seed_list,
        points=JOBS.line.points,
        test_images=config["landscape"]["test_images"],
        sample=SAMPLE_FLAGS,
        machine=MACHINE_FLAGS,
        code=digest("optprimer.landscape.commands:line"),
    message:
        "Loss along random lines of {wildcards.net}"
    shell:
        "optprimer line --weights {input.weights:q} --data {params.data:q} --planes {input.planes:q} --net {wildcards.net}"
        " --direction-seeds {params.seeds} --points {params.points} --rows {wildcards.first} {wildcards.last}"
        " --test-images {params.test_images} {params.sample} {params.machine} --threads {threads}"
        " --state {params.state:q} --output {output:q} > {log:q} 2>&1"


rule curvature_rows:
    input:
        weights=WEIGHTS,
        data=DATA,
        planes="<results>/landscape/{net}/directions/filter.safetensors",
    output:
        "<results>/landscape/{net}/rows/curvature/{first}-{last}.csv",
    log:
        "<logs>/curvature/{net}_{first}-{last}.log",
    benchmark:
        "<benchmarks>/curvature_rows/{net}_{first}-{last}.tsv"
    conda:
        CONDA
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(6000),
        runtime=minutes(60),
    params:
        data=subpath(input.data, parent=True),
        state=f"{STATE}/curvature/{{net}}_{{first}}-{{last}}.jsonl",
        direction_seed=config["landscape"]["curvature"]["seed"],
        points=JOBS.curvature.points,
        images=config["landscape"]["curvature"]["images"],
        iterations=config["landscape"]["curvature"]["iterations"],
        seed=config["seed"],
        device=config["device"],
        code=digest("optprimer.landscape.commands:curvature"),
    message:
        "Curvature of {wildcards.net}: rows {wildcards.first} to {wildcards.last}"
    shell:
        "optprimer curvature --weights {input.weights:q} --data {params.data:q} --planes {input.planes:q}"
        " --net {wildcards.net} --direction-seed {params.direction_seed} --points {params.points}"
        " --rows {wildcards.first} {wildcards.last} --images {params.images} --iterations {params.iterations}"
        " --seed {params.seed} --device {params.device} --threads {threads}"
        " --state {params.state:q} --output {output:q} > {log:q} 2>&1"


rule crosscheck:
    input:
        weights=WEIGHTS,
        data=DATA,
        surface="<results>/landscape/surface.csv",
        planes=collect(
            "<results>/landscape/{{net}}/directions/{directions}.safetensors",
            directions=DIRECTIONS,
        ),
    output:
        crosscheck="<results>/landscape/{net}/crosscheck.csv",
        precision="<results>/landscape/{net}/precision.csv",
    log:
        "<logs>/crosscheck/{net}.log",
    benchmark:
        "<benchmarks>/crosscheck/{net}.tsv"
    conda:
        CONDA
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(4000),
        runtime=minutes(60),
    params:
        data=subpath(input.data, parent=True),
        points=config["landscape"]["crosscheck"]["points"],
        direction_seed=config["landscape"]["crosscheck"]["seed"],
        images=config["landscape"]["crosscheck"]["images"],
        surface_images=config["landscape"]["images"],
        batch_size=config["landscape"]["batch_size"],
        seed=config["seed"],
        device=config["device"],
        code=digest("optprimer.landscape.commands:crosscheck"),
    message:
        "Cross-check of {wildcards.net} with loss-landscapes and with plain fp32"
    shell:
        "optprimer crosscheck --weights {input.weights:q} --data {params.data:q} {input.planes:q}"
        " --surface {input.surface:q} --net {wildcards.net} --points {params.points}"
        " --direction-seed {params.direction_seed} --images {params.images} --surface-images {params.surface_images}"
        " --batch-size {params.batch_size} --seed {params.seed} --device {params.device} --threads {threads}"
        " --output {output.crosscheck:q} --precision-output {output.precision:q} > {log:q} 2>&1"


rule geometry:
    input:
        surface="<results>/landscape/surface.csv",
        controls=rows_of(CONTROLS, {CONTROL: JOBS.control}),
    output:
        tabulated("landscape/geometry", "Geometry of the surfaces", "geometry"),
    log:
        "<logs>/geometry.log",
    localrule: True
    conda:
        CONDA
    params:
        points=config["landscape"]["geometry_points"],
        code=digest("optprimer.landscape.commands:geometry"),
    message:
        "Table geometry.csv"
    shell:
        "optprimer geometry {input:q} --points {params.points} --output {output:q} > {log:q} 2>&1"
